//! Square codes that telephones read.

use std::fmt::Write as _;

use domain::view::QrView;
use qrcode::{Color, QrCode};

/// Empty fields around a code, as ISO/IEC 18004 wants them.
const MARGIN: usize = 4;

/// The code of a text; nothing is dark where the text is longer than a code can be.
pub(crate) fn code(text: &str) -> QrView {
    let Ok(code) = QrCode::new(text) else { return QrView { side: 1, path: String::new() } };
    let fields = code.to_colors();
    let mut path = String::new();
    for (y, row) in fields.chunks(code.width().max(1)).enumerate() {
        let mut x = 0;
        // Neighbours of one shade are one piece.
        for piece in row.chunk_by(|one, other| one == other) {
            if piece.first() == Some(&Color::Dark) {
                let length = piece.len();
                let _ = write!(path, "M{} {}h{length}v1h-{length}z", x + MARGIN, y + MARGIN);
            }
            x += piece.len();
        }
    }
    QrView { side: code.width() + 2 * MARGIN, path }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
    use super::*;

    /// The pieces of a path as fields: (row, column).
    fn dark(code: &QrView) -> std::collections::BTreeSet<(usize, usize)> {
        let pieces = code.path.split_terminator('z').map(|piece| {
            let (place, rest) = piece.trim_start_matches('M').split_once('h').unwrap();
            let (x, y) = place.split_once(' ').unwrap();
            let length: usize = rest.split_once('v').unwrap().0.parse().unwrap();
            (x.parse::<usize>().unwrap(), y.parse::<usize>().unwrap(), length)
        });
        pieces.flat_map(|(x, y, length)| (x..x + length).map(move |x| (y, x))).collect()
    }

    #[test]
    fn a_code_is_drawn_field_by_field_within_its_margin() {
        let text = "https://beian.example.cn/r/11010102000001";
        let (drawn, code) = (code(text), QrCode::new(text).unwrap());
        let fields = dark(&drawn);
        let width = code.width();
        assert_eq!(drawn.side, width + 8);
        for y in 0..drawn.side {
            for x in 0..drawn.side {
                let inside = (4..width + 4).contains(&x) && (4..width + 4).contains(&y);
                let expected = inside && code[(x - 4, y - 4)] == Color::Dark;
                assert_eq!(fields.contains(&(y, x)), expected, "{x} {y}");
            }
        }
        assert!(fields.len() > 200, "{}", fields.len());
    }

    #[test]
    fn what_is_too_long_for_a_code_is_an_empty_one() {
        assert_eq!(code(&"x".repeat(10_000)).path, "");
    }
}
