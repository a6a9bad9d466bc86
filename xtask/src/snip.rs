//! Takes out of the wasm what the linker must keep and no page ever needs. A view that has become an `AnyView`
//! holds a pointer to each of its methods, so all of them are linked, used or not; the same with the machinery
//! that words a panic, and the source lines it would name, although nobody reads either in a browser.

use walrus::ir::{Call, Instr, InstrLocId, Unreachable, Value, VisitorMut, dfs_pre_order_mut};
use walrus::{ConstExpr, DataKind, FunctionBuilder, FunctionId, FunctionKind, LocalFunction, Module};

use crate::Outcome;

/// This file: another one makes another bundle.
pub const RECIPE: &str = include_str!("snip.rs");

/// Functions, by the last part of their names, that are linked and never run: should one run after all it traps,
/// and the browser tests, which run on this bundle, would tell. Islands are hydrated in one go; this is for whole
/// pages with parts that come later.
///
/// The compiler folds functions with the same body into one under either name. So only whole functions and the
/// closures in them are named here, not small functions inside of them nor what drops their variables: those have
/// twins in use. For the same reason `hydrate_from_template` must not stand here.
const NEVER_RUN: [&str; 1] = ["hydrate_async"];

/// Parts of names of the standard library: numbers with a decimal point, which no answer, no view and no server
/// function has; and panics, which end in a trap with or without their message.
const NEVER_RUN_IN_STD: [&str; 4] =
    ["flt2dec", "dec2flt", "4core9panicking", "3std9panicking15panic_with_hook"];

fn never_runs(name: &str) -> bool {
    let last = segments(name).into_iter().rfind(|segment| !segment.contains("closure") && !is_hash(segment));
    last.is_some_and(|last| NEVER_RUN.contains(&last))
        || NEVER_RUN_IN_STD.iter().any(|part| name.contains(part))
}

/// The parts of a mangled name: `_ZN5first6second17h…E`. None for names mangled otherwise.
fn segments(name: &str) -> Vec<&str> {
    let mut rest = name.strip_prefix("_ZN").unwrap_or_default();
    let mut segments = Vec::new();
    while let Some(end) = rest.find(|c: char| !c.is_ascii_digit())
        && let Ok(length) = rest.get(..end).unwrap_or_default().parse::<usize>()
        && let Some(segment) = rest.get(end..end + length)
    {
        segments.push(segment);
        rest = rest.get(end + length..).unwrap_or_default();
    }
    segments
}

fn is_hash(segment: &str) -> bool {
    segment.len() == 17 && segment.starts_with('h')
}

/// The module without the bodies of what never runs and without source lines. wasm-bindgen removes what only those
/// bodies called.
pub fn snip(wasm: &[u8]) -> Outcome<Module> {
    let mut module =
        Module::from_buffer(wasm).map_err(|error| format!("the wasm cannot be read: {error:#}"))?;
    forget_source_lines(&mut module);
    let never: Vec<FunctionId> = module
        .funcs
        .iter()
        .filter(|function| matches!(function.kind, FunctionKind::Local(_)))
        .filter(|function| function.name.as_deref().is_some_and(never_runs))
        .map(|function| function.id())
        .collect();
    for id in &never {
        let kind = module.types.get(module.funcs.get(*id).ty());
        let (takes, gives) = (kind.params().to_vec(), kind.results().to_vec());
        let arguments = takes.iter().map(|kind| module.locals.add(*kind)).collect();
        let mut body = FunctionBuilder::new(&mut module.types, &takes, &gives);
        body.func_body().unreachable();
        module.funcs.get_mut(*id).kind = FunctionKind::Local(body.local_func(arguments));
    }
    // Who calls one of them stops there, so that what was computed for the call goes too.
    for (_, function) in module.funcs.iter_local_mut() {
        stop_at(function, &never);
    }
    Ok(module)
}

fn stop_at(function: &mut LocalFunction, never: &[FunctionId]) {
    struct Stop<'a>(&'a [FunctionId]);
    impl VisitorMut for Stop<'_> {
        fn visit_instr_mut(&mut self, instruction: &mut Instr, _at: &mut InstrLocId) {
            if let Instr::Call(Call { func }) = instruction
                && self.0.contains(func)
            {
                *instruction = Instr::Unreachable(Unreachable {});
            }
        }
    }
    let entry = function.entry_block();
    dfs_pre_order_mut(&mut Stop(never), function, entry);
}

/// Blanks every `core::panic::Location` and the file it names. Besides being of no use they would tell everybody
/// where the bundle was built.
fn forget_source_lines(module: &mut Module) {
    let segments: Vec<_> = module.data.iter().map(|data| data.id()).collect();
    for id in segments {
        let data = module.data.get_mut(id);
        let DataKind::Active { offset: ConstExpr::Value(Value::I32(start)), .. } = data.kind else {
            continue;
        };
        let Ok(start) = usize::try_from(start) else { continue };
        let mut files = Vec::new();
        for at in (0..data.value.len().saturating_sub(15)).step_by(4) {
            if let Some(file) = location_at(&data.value, at, start)
                && let Some(location) = data.value.get_mut(at..at + 16)
            {
                location.fill(0);
                files.push(file);
            }
        }
        for file in files {
            if let Some(name) = data.value.get_mut(file) {
                name.fill(0);
            }
        }
    }
}

/// Where the name of the file lies if a location stands here: address and length of a name that ends in `.rs`,
/// line, column.
fn location_at(data: &[u8], at: usize, start: usize) -> Option<std::ops::Range<usize>> {
    let word = |index: usize| {
        let at = at + index * 4;
        let bytes: [u8; 4] = data.get(at..at + 4)?.try_into().ok()?;
        usize::try_from(u32::from_le_bytes(bytes)).ok()
    };
    let (address, length, line, column) = (word(0)?, word(1)?, word(2)?, word(3)?);
    let name = address.checked_sub(start)?..address.checked_sub(start)?.checked_add(length)?;
    let text = data.get(name.clone())?;
    // The compiler ends the name with a zero for those who want a C string.
    let text = text.strip_suffix(b"\0").unwrap_or(text);
    let is_file = text.ends_with(b".rs") && text.iter().all(u8::is_ascii_graphic);
    (is_file && (1..100_000).contains(&line) && (1..1_000).contains(&column)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::never_runs;

    #[test]
    fn only_whole_functions_and_their_closures_are_taken_out() {
        let hash = "17h0123456789abcdefE";
        let closure = "28_$u7b$$u7b$closure$u7d$$u7d$";
        for name in [
            format!("_ZN6tachys13hydrate_async{hash}"),
            format!("_ZN6tachys13hydrate_async{closure}{hash}"),
            format!("_ZN6tachys13hydrate_async{closure}{closure}{hash}"),
            "_RNvNtCsgXGp5Oqx2Ny_4core9panicking9panic_fmt".to_owned(),
        ] {
            assert!(never_runs(&name), "{name}");
        }
        for name in [
            format!("_ZN6tachys13hydrate_async{closure}7inner_1{hash}"),
            format!("_ZN4core3ptr40drop_in_place$LT$..hydrate_async..$GT$..{hash}"),
            format!("_ZN6tachys7hydrate{hash}"),
            "memcpy".to_owned(),
        ] {
            assert!(!never_runs(&name), "{name}");
        }
    }
}
