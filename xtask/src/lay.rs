//! Makes the same code smaller on the wire. Functions that are alike are laid side by side, where brotli finds
//! them cheaply (a twentieth less), and the names between wasm and JavaScript, with a hash each, become short.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::Outcome;

/// This file: another one makes another bundle.
pub const RECIPE: &str = include_str!("lay.rs");

/// Bytes that are compared at a time.
const SHINGLE: usize = 6;
/// What more functions than that share tells nothing.
const COMMON: usize = 300;

const CUSTOM: u8 = 0;
const IMPORT: u8 = 2;
const CODE: u8 = 10;

/// The bytes of a module, read from front to back.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Reader { bytes, at: 0 }
    }

    fn is_done(&self) -> bool {
        self.at >= self.bytes.len()
    }

    fn byte(&mut self) -> Outcome<u8> {
        let byte = *self.bytes.get(self.at).ok_or("the wasm ends early")?;
        self.at += 1;
        Ok(byte)
    }

    /// An unsigned number in LEB128.
    fn number(&mut self) -> Outcome<usize> {
        let (mut number, mut shift) = (0, 0);
        loop {
            let byte = self.byte()?;
            number |= usize::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
    }

    fn take(&mut self, length: usize) -> Outcome<&'a [u8]> {
        let taken = self.bytes.get(self.at..self.at + length).ok_or("the wasm ends early")?;
        self.at += length;
        Ok(taken)
    }

    /// A vector of bytes with its length before it.
    fn counted(&mut self) -> Outcome<&'a [u8]> {
        let length = self.number()?;
        self.take(length)
    }

    fn limits(&mut self) -> Outcome<()> {
        let flags = self.byte()?;
        self.number()?;
        if flags & 1 == 1 {
            self.number()?;
        }
        Ok(())
    }
}

fn number(mut number: usize, into: &mut Vec<u8>) {
    loop {
        #[allow(clippy::cast_possible_truncation)]
        let low = (number & 0x7f) as u8;
        number >>= 7;
        into.push(if number > 0 { low | 0x80 } else { low });
        if number == 0 {
            return;
        }
    }
}

fn counted(bytes: &[u8], into: &mut Vec<u8>) {
    number(bytes.len(), into);
    into.extend_from_slice(bytes);
}

/// An import: its module, its name, and what it is, as bytes.
struct Import<'a> {
    module: &'a [u8],
    name: &'a str,
    kind: &'a [u8],
}

impl Import<'_> {
    fn is_function(&self) -> bool {
        self.kind.first() == Some(&0)
    }
}

fn imports<'a>(section: &'a [u8]) -> Outcome<Vec<Import<'a>>> {
    let mut reader = Reader::new(section);
    let mut imports = Vec::new();
    for _ in 0..reader.number()? {
        let module = reader.counted()?;
        let name = std::str::from_utf8(reader.counted()?)?;
        let begin = reader.at;
        match reader.byte()? {
            0 => {
                reader.number()?;
            }
            1 => {
                reader.byte()?;
                reader.limits()?;
            }
            2 => reader.limits()?,
            3 => {
                reader.take(2)?;
            }
            kind => return Err(format!("an import of a kind that is not known: {kind}").into()),
        }
        let kind = section.get(begin..reader.at).ok_or("the wasm ends early")?;
        imports.push(Import { module, name, kind });
    }
    Ok(imports)
}

/// The sections of a module: (id, content).
fn sections(wasm: &[u8]) -> Outcome<Vec<(u8, &[u8])>> {
    let mut reader = Reader::new(wasm);
    reader.take(8)?;
    let mut sections = Vec::new();
    while !reader.is_done() {
        let id = reader.byte()?;
        sections.push((id, reader.counted()?));
    }
    Ok(sections)
}

fn bodies(section: &[u8]) -> Outcome<Vec<&[u8]>> {
    let mut reader = Reader::new(section);
    let count = reader.number()?;
    (0..count).map(|_| reader.counted()).collect()
}

/// The module with names for its functions that, sorted, put each beside the one most like it; for
/// `wasm-opt --reorder-functions-by-name`.
pub fn named_by_likeness(wasm: &[u8]) -> Outcome<Vec<u8>> {
    let (mut imported, mut code) = (0, Vec::new());
    for (id, content) in sections(wasm)? {
        match id {
            IMPORT => imported = imports(content)?.iter().filter(|import| import.is_function()).count(),
            CODE => code = bodies(content)?,
            _ => {}
        }
    }
    let order = by_likeness(&code);
    let mut rank = vec![0; code.len()];
    for (place, function) in order.into_iter().enumerate() {
        if let Some(rank) = rank.get_mut(function) {
            *rank = place;
        }
    }
    let mut names = Vec::new();
    number(imported + code.len(), &mut names);
    for import in 0..imported {
        number(import, &mut names);
        counted(format!("a{import:07}").as_bytes(), &mut names);
    }
    for (function, rank) in rank.into_iter().enumerate() {
        number(imported + function, &mut names);
        counted(format!("b{rank:07}").as_bytes(), &mut names);
    }
    let mut section = Vec::new();
    counted(b"name", &mut section);
    section.push(1);
    counted(&names, &mut section);
    let mut named = wasm.to_vec();
    named.push(CUSTOM);
    counted(&section, &mut named);
    Ok(named)
}

/// The functions in an order in which each is followed by the one it shares most with, of those left.
fn by_likeness(code: &[&[u8]]) -> Vec<usize> {
    let mut numbers: HashMap<&[u8], usize> = HashMap::new();
    let shingles: Vec<BTreeSet<usize>> = code
        .iter()
        .map(|body| {
            let whole = body.len().min(SHINGLE);
            body.windows(whole.max(1))
                .map(|shingle| {
                    let next = numbers.len();
                    *numbers.entry(shingle).or_insert(next)
                })
                .collect()
        })
        .collect();
    let mut holders: Vec<Vec<usize>> = vec![Vec::new(); numbers.len()];
    for (function, own) in shingles.iter().enumerate() {
        for shingle in own {
            if let Some(holders) = holders.get_mut(*shingle) {
                holders.push(function);
            }
        }
    }
    let mut by_size: Vec<usize> = (0..code.len()).collect();
    by_size.sort_by_key(|function| std::cmp::Reverse(code.get(*function).map_or(0, |body| body.len())));
    let mut largest = by_size.into_iter();
    let mut is_laid = vec![false; code.len()];
    let mut order = Vec::with_capacity(code.len());
    let mut shared = vec![0_usize; code.len()];
    let mut here = largest.next();
    while let Some(function) = here {
        order.push(function);
        if let Some(laid) = is_laid.get_mut(function) {
            *laid = true;
        }
        let own = shingles.get(function);
        let mut candidates = Vec::new();
        let found = own.into_iter().flatten().filter_map(|shingle| holders.get(*shingle));
        for other in found.filter(|holders| holders.len() <= COMMON).flatten() {
            if is_laid.get(*other) == Some(&false)
                && let Some(shared) = shared.get_mut(*other)
            {
                if *shared == 0 {
                    candidates.push(*other);
                }
                *shared += 1;
            }
        }
        let size = |function: usize| shingles.get(function).map_or(0, BTreeSet::len);
        let mut best: Option<(f64, usize)> = None;
        for other in candidates {
            let Some(count) = shared.get_mut(other).map(std::mem::take) else { continue };
            #[allow(clippy::cast_precision_loss)]
            let likeness = count as f64 / (size(function) + size(other) - count) as f64;
            if best.is_none_or(|(most, at)| likeness > most || (likeness == most && other < at)) {
                best = Some((likeness, other));
            }
        }
        here = match best {
            Some((_, other)) => Some(other),
            None => largest.find(|function| is_laid.get(*function) == Some(&false)),
        };
    }
    order
}

/// Gives the functions that the wasm takes from the JavaScript short names on both sides.
pub fn with_short_names(wasm: &[u8], script: &str) -> Outcome<(Vec<u8>, String)> {
    let mut short: BTreeMap<&str, String> = BTreeMap::new();
    let mut whole = wasm.get(..8).ok_or("the wasm ends early")?.to_vec();
    for (id, content) in sections(wasm)? {
        whole.push(id);
        if id != IMPORT {
            counted(content, &mut whole);
            continue;
        }
        let imports = imports(content)?;
        let mut written = Vec::new();
        number(imports.len(), &mut written);
        for import in imports {
            let mut name = import.name;
            // Only those with a hash: no other word of the script is like them.
            if import.name.starts_with("__wbg_") {
                let next = short.len();
                name = short.entry(import.name).or_insert_with(|| format!("_{next:x}"));
            }
            counted(import.module, &mut written);
            counted(name.as_bytes(), &mut written);
            written.extend_from_slice(import.kind);
        }
        counted(&written, &mut whole);
    }
    let mut script = script.to_owned();
    // Of two names where one begins with the other, the longer one first.
    for (name, short) in short.iter().rev() {
        script = script.replace(&format!("{name}:"), &format!("{short}:"));
        if script.contains(&format!("{name}(")) || !script.contains(&format!("{short}:")) {
            return Err(format!("the script calls {name} in a way that is not known").into());
        }
    }
    Ok((whole, script))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    #[test]
    fn numbers_are_written_as_they_are_read() {
        for value in [0, 1, 127, 128, 300, 16_383, 16_384, 1 << 31] {
            let mut bytes = Vec::new();
            number(value, &mut bytes);
            let mut reader = Reader::new(&bytes);
            assert_eq!(reader.number().unwrap(), value);
            assert!(reader.is_done());
        }
    }

    #[test]
    fn the_like_stand_side_by_side_and_none_is_lost() {
        let a = b"aaaaaaaabbbbbbbbcccccccc".as_slice();
        let b = b"0123456789".as_slice();
        let c = b"aaaaaaaabbbbbbbbcccccccx".as_slice();
        let d = b"0123456798".as_slice();
        let order = by_likeness(&[a, b, c, d, b""]);
        let mut all = order.clone();
        all.sort_unstable();
        assert_eq!(all, [0, 1, 2, 3, 4]);
        let place = |function: usize| order.iter().position(|one| *one == function).unwrap();
        assert_eq!(place(0).abs_diff(place(2)), 1, "{order:?}");
        assert_eq!(place(1).abs_diff(place(3)), 1, "{order:?}");
    }

    #[test]
    fn imports_get_short_names_on_both_sides() {
        let mut section = Vec::new();
        number(2, &mut section);
        for name in ["__wbg_fetch_0123456789abcdef", "memory_like"] {
            counted(b"./x.js", &mut section);
            counted(name.as_bytes(), &mut section);
            section.extend([0, 0]);
        }
        let mut wasm = b"\0asm\x01\0\0\0".to_vec();
        wasm.push(IMPORT);
        counted(&section, &mut wasm);
        let script = "x={__wbg_fetch_0123456789abcdef: function(){},memory_like: 1}";
        let (wasm, script) = with_short_names(&wasm, script).unwrap();
        assert_eq!(script, "x={_0: function(){},memory_like: 1}");
        let sections = sections(&wasm).unwrap();
        let names: Vec<&str> = imports(sections[0].1).unwrap().iter().map(|import| import.name).collect();
        assert_eq!(names, ["_0", "memory_like"]);
    }
}
