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

/// Whether nobody is signed in who could see a page of their own. (`who_am_i` is empty too where the person could not
/// be looked up.)
pub fn is_nobody() -> bool {
    #[cfg(feature = "ssr")]
    return crate::api::caller::maybe_actor().is_none();
    #[cfg(not(feature = "ssr"))]
    false
}

/// Whether the browser brought no session at all, not even one that has ended.
pub fn is_stranger() -> bool {
    #[cfg(feature = "ssr")]
    return crate::api::caller::is_stranger();
    #[cfg(not(feature = "ssr"))]
    false
}

/// Where one signs in and comes back to the page that is being drawn.
pub fn sign_in_here() -> String {
    #[cfg(feature = "ssr")]
    if let Some(here) = crate::api::caller::page_asked_for() {
        return format!("{}?next={}", domain::route::LOGIN, crate::ui::table::percent(&here));
    }
    domain::route::LOGIN.to_owned()
}
