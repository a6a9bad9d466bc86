//! Who looks at the page.

use domain::view::Me;
use leptos::prelude::*;

/// The signed-in person, looked up once before a page is drawn. Not a resource: what waits for one inside of
/// `Suspense` is drawn twice, so every page would ask the database twice.
#[derive(Clone)]
pub struct WhoAmI(pub Option<Me>);

pub fn who_am_i() -> Option<Me> {
    use_context::<WhoAmI>().and_then(|WhoAmI(me)| me)
}

/// Whether pages are drawn in 长辈版: as the signed-in person or their browser wants it.
#[derive(Debug, Clone, Copy)]
pub struct Elder(pub bool);

pub fn is_elder() -> bool {
    use_context::<Elder>().is_some_and(|Elder(is_on)| is_on)
}
