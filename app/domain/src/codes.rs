//! The names of values in the database and on the wire.

/// Gives an enum of plain variants its codes: `ALL` in the order of the list, `code()` and `from_code()`. Codes are
/// stored, so they are never changed.
#[macro_export]
macro_rules! codes {
    ($type:ident { $($variant:ident = $code:literal),+ $(,)? }) => {
        impl $type {
            pub const ALL: [$type; [$($code),+].len()] = [$($type::$variant),+];

            /// The name in the database.
            pub const fn code(self) -> &'static str {
                match self {
                    $($type::$variant => $code,)+
                }
            }

            pub fn from_code(code: &str) -> Option<Self> {
                match code {
                    $($code => Some($type::$variant),)+
                    _ => None,
                }
            }
        }
    };
}
