//! What is drawn anew when something changes. All of it is of one type here: in a view, the browser's code for a closure
//! of its own weighs some kilobytes.

use leptos::prelude::*;

/// Draws anew what `draw` gives, whenever something that it reads has changed.
pub fn reactive(draw: impl Fn() -> Option<AnyView> + Send + 'static) -> AnyView {
    let draw: Box<dyn Fn() -> Option<AnyView> + Send> = Box::new(draw);
    (move || draw()).into_any()
}
