//! How a form is described: form → step → section → field. One interpreter draws it (`ui::form`),
//! checks it (`check`), shows it (`sheet`) and compares it (`diff`). A description is data in a
//! static; nothing here looks at the clock, the database or the page.

use crate::answer::Answers;
use crate::mask::Mask;
use time::Date;

/// Everything one business asks for.
pub struct Form {
    /// Unique among forms, the same as the business's code.
    pub key: &'static str,
    pub steps: &'static [Step],
    /// Rules that look at more than one field. They see every answer and name the field to blame.
    pub rules: &'static [fn(&Answers, Date) -> Option<Fault>],
    /// Like `rules`, but they only advise (R33).
    pub advice: &'static [fn(&Answers, Date) -> Option<Fault>],
}

/// One page of a form.
pub struct Step {
    pub key: &'static str,
    pub title: &'static str,
    pub body: Body,
}

/// What stands on a step.
pub enum Body {
    /// The chosen subject, read-only (R30).
    Subject,
    /// Sections to fill in.
    Sections(&'static [Section]),
    /// A text to read, with all answers above it (R34, R78).
    Notice(&'static Notice),
}

/// A text that stands in full on a step and whose version is kept with the filing.
pub struct Notice {
    pub version: &'static str,
    pub title: &'static str,
    pub opening: &'static str,
    pub points: &'static [&'static str],
}

/// Fields under one legend.
pub struct Section {
    pub key: &'static str,
    pub title: &'static str,
    pub intro: &'static str,
    pub when: When,
    pub fields: &'static [Field],
    pub repeat: Option<Repeat>,
    /// The block can be filled from the subject's responsible person (R32).
    pub same_as_principal: bool,
    /// The block can be filled with what the identity platform says of who is signed in: 负责人是我本人.
    pub may_be_me: bool,
    /// Answers that are asked once and count here too.
    pub same_as: &'static [SameAs],
    /// Which directory of providers can fill this block (R31).
    pub directory: Option<Directory>,
    /// Questions that only help to answer others: kept in the draft, never filed nor shown elsewhere.
    pub is_guide: bool,
    /// The question that a guide stands at, folded.
    pub guides: Option<&'static str>,
    /// What the section's answers suggest for others. A guide's wait to be adopted; what any other section knows
    /// for sure is filled in where nothing is answered yet.
    pub suggests: &'static [fn(&Answers) -> Option<Suggestion>],
    /// Questions of 是 or 否 that are all answered 否 with one press: one for which nearly everybody says so.
    pub all_no: &'static [&'static str],
}

/// An answer that is suggested and can be adopted (采用).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    pub at: &'static str,
    pub code: &'static str,
    pub sentence: String,
}

/// A tick that makes answers of a section those of other places: 同单位办公地址. While it is there the
/// questions are not asked, and their answers follow the other ones.
pub struct SameAs {
    /// Where the tick is kept, beside the section's fields. It is never filed.
    pub key: &'static str,
    pub label: &'static str,
    /// When the tick is offered.
    pub when: When,
    /// A field of the section, and the address its answer is taken from; the tick stands before the first.
    pub fields: &'static [(&'static str, &'static str)],
}

/// A section that may stand several times.
#[derive(Clone, Copy)]
pub struct Repeat {
    pub min: usize,
    pub max: usize,
    /// What one item is called: “平台”.
    pub noun: &'static str,
}

/// The two directories of R31.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum Directory {
    Access,
    Registrar,
}

crate::codes! {
    Directory {
        Access = "access",
        Registrar = "registrar",
    }
}

impl Directory {
    pub fn label(self) -> &'static str {
        match self {
            Directory::Access => "网络接入服务商",
            Directory::Registrar => "域名注册服务商",
        }
    }

    /// The button that opens the directory, and the title of its dialog (R31).
    pub fn search_label(self) -> &'static str {
        match self {
            Directory::Access => "查询网络接入服务商",
            Directory::Registrar => "查询域名注册服务商",
        }
    }
}

/// One question.
#[derive(Clone, Copy)]
pub struct Field {
    pub key: &'static str,
    pub label: &'static str,
    /// Another label under a condition, such as the pictures of a passport.
    pub relabel: Option<(When, &'static str)>,
    pub kind: Kind,
    pub required: When,
    pub when: When,
    pub hint: &'static str,
    pub placeholder: &'static str,
    pub privacy: Privacy,
    pub width: Width,
    /// The answer a blank form starts with.
    pub default: &'static [&'static str],
    /// The list of web addresses (a field of the same section) that begins with this domain's own.
    pub leads_to: Option<&'static str>,
    /// Fields of the same section whose host names tell what can be proposed here: 查询当前解析.
    pub resolved_from: &'static [&'static str],
}

/// Whether a value may be seen in full by whoever may see the filing (R70).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Privacy {
    Plain,
    /// Encrypted at rest and masked wherever it is shown.
    Personal(Mask),
}

/// How long an answer is; the page draws the control that wide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    Half,
    Full,
}

/// An option of a list. A retired one is still shown where it was chosen, but not offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice {
    pub code: &'static str,
    pub label: &'static str,
    pub retired: bool,
}

pub const fn choice(code: &'static str, label: &'static str) -> Choice {
    Choice { code, label, retired: false }
}

pub const fn retired(code: &'static str, label: &'static str) -> Choice {
    Choice { code, label, retired: true }
}

/// The label of a code, or the code itself where the list no longer has it.
pub fn label_of<'a>(choices: &'a [Choice], code: &'a str) -> &'a str {
    choices.iter().find(|choice| choice.code == code).map_or(code, |choice| choice.label)
}

/// What kind of answer a field takes. Only `ui::form` knows how one looks, only `check` what makes
/// it valid.
#[derive(Clone, Copy)]
pub enum Kind {
    /// One line of `min` to `max` characters.
    Text {
        min: usize,
        max: usize,
    },
    /// Several lines of `min` to `max` characters.
    LongText {
        min: usize,
        max: usize,
    },
    /// A natural person's name.
    PersonName,
    /// One of a list, as a drop-down.
    Select(&'static [Choice]),
    /// 是 or 否.
    YesNo,
    /// Any number of a list.
    Ticks(&'static [Choice]),
    /// A single tick; the text stands beside it.
    Tick,
    Date(DateRule),
    /// A leaf of the region list, as a cascade.
    Region,
    /// A person's identity document number; the kind stands in the sibling field.
    PersonId {
        kind: &'static str,
    },
    /// A unit's certificate number; the kind stands in the sibling field.
    UnitCertificate {
        kind: &'static str,
    },
    Mobile,
    Landline,
    /// Mobile, landline, 400, short code or foreign.
    AnyPhone,
    Email,
    /// A registrable domain.
    MainDomain,
    /// One web address.
    Url,
    /// One per line.
    Lines {
        of: Line,
        max: usize,
    },
    /// A filing number of the industry ministry; which suffix letters it may bear.
    IcpNumber {
        suffix: &'static str,
    },
    Integer {
        min: u64,
        max: u64,
    },
    /// Text with a rule of its own: normalised, or a sentence that says what is wrong.
    Code(fn(&str) -> Result<String, &'static str>),
    /// One of the subject's own records of these businesses, as it is written where it is offered: kind,
    /// name and registration number. `service` checks whose it is.
    OwnRecord(&'static [&'static str]),
    /// `min` to `max` pictures.
    Pictures {
        min: usize,
        max: usize,
    },
    /// `min` to `max` pdf documents.
    Documents {
        min: usize,
        max: usize,
    },
}

/// What one line of a `Kind::Lines` holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    /// A host name.
    Domain,
    Url,
    /// An address or a range; `mainland` names the field (absolute) that says 境内.
    Ip {
        mainland: &'static str,
    },
    Text,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateRule {
    Any,
    /// Today or earlier.
    NotAfterToday,
    /// Later than today.
    AfterToday,
}

/// A condition on other answers. Addresses that begin with `.` are siblings in the same section
/// (and the same item of a repeated one).
#[derive(Debug, Clone, Copy)]
pub enum When {
    Always,
    Never,
    /// The answer is, or contains, the code.
    Is(&'static str, &'static str),
    Not(&'static str, &'static str),
    /// There is an answer at all.
    Given(&'static str),
    AnyOf(&'static str, &'static [&'static str]),
    All(&'static [When]),
    Either(&'static [When]),
}

/// What is wrong with an answer, at which address, in the person's words.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Fault {
    pub at: String,
    pub message: String,
    /// Where one can see what the sentence speaks of; always something of one's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

pub fn fault(at: impl Into<String>, message: impl Into<String>) -> Fault {
    Fault { at: at.into(), message: message.into(), link: None }
}

impl Fault {
    pub fn see(self, link: Option<String>) -> Self {
        Fault { link, ..self }
    }
}

pub const fn field(key: &'static str, label: &'static str, kind: Kind) -> Field {
    Field {
        key,
        label,
        relabel: None,
        kind,
        required: When::Never,
        when: When::Always,
        hint: "",
        placeholder: "",
        privacy: Privacy::Plain,
        width: Width::Half,
        default: &[],
        leads_to: None,
        resolved_from: &[],
    }
}

impl Field {
    pub const fn required(mut self) -> Self {
        self.required = When::Always;
        self
    }
    pub const fn required_when(mut self, when: When) -> Self {
        self.required = when;
        self
    }
    pub const fn when(mut self, when: When) -> Self {
        self.when = when;
        self
    }
    pub const fn relabel(mut self, when: When, label: &'static str) -> Self {
        self.relabel = Some((when, label));
        self
    }
    pub const fn hint(mut self, hint: &'static str) -> Self {
        self.hint = hint;
        self
    }
    pub const fn placeholder(mut self, placeholder: &'static str) -> Self {
        self.placeholder = placeholder;
        self
    }
    pub const fn personal(mut self, mask: Mask) -> Self {
        self.privacy = Privacy::Personal(mask);
        self
    }
    pub const fn full(mut self) -> Self {
        self.width = Width::Full;
        self
    }
    pub const fn leads_to(mut self, list: &'static str) -> Self {
        self.leads_to = Some(list);
        self
    }
    pub const fn resolved_from(mut self, names: &'static [&'static str]) -> Self {
        self.resolved_from = names;
        self
    }
    pub const fn starts_as(mut self, default: &'static [&'static str]) -> Self {
        self.default = default;
        self
    }
}

pub const fn section(key: &'static str, title: &'static str, fields: &'static [Field]) -> Section {
    Section {
        key,
        title,
        intro: "",
        when: When::Always,
        fields,
        repeat: None,
        same_as_principal: false,
        may_be_me: false,
        same_as: &[],
        directory: None,
        is_guide: false,
        guides: None,
        suggests: &[],
        all_no: &[],
    }
}

/// A list of fields as a constant, so that it can stand inside a `section(…)`.
#[macro_export]
macro_rules! fields {
    ($($field:expr),* $(,)?) => {
        const { &[$($field),*] }
    };
}
pub use fields;

impl Section {
    pub const fn intro(mut self, intro: &'static str) -> Self {
        self.intro = intro;
        self
    }
    pub const fn when(mut self, when: When) -> Self {
        self.when = when;
        self
    }
    pub const fn repeat(mut self, repeat: Repeat) -> Self {
        self.repeat = Some(repeat);
        self
    }
    pub const fn same_as_principal(mut self) -> Self {
        self.same_as_principal = true;
        self
    }
    pub const fn may_be_me(mut self) -> Self {
        self.may_be_me = true;
        self
    }
    pub const fn same_as(mut self, same_as: &'static [SameAs]) -> Self {
        self.same_as = same_as;
        self
    }
    pub const fn suggests(mut self, suggests: &'static [fn(&Answers) -> Option<Suggestion>]) -> Self {
        self.suggests = suggests;
        self
    }
    pub const fn all_no(mut self, questions: &'static [&'static str]) -> Self {
        self.all_no = questions;
        self
    }
    pub const fn guide(
        mut self,
        at: &'static str,
        suggests: &'static [fn(&Answers) -> Option<Suggestion>],
    ) -> Self {
        self.is_guide = true;
        self.guides = Some(at);
        self.suggests = suggests;
        self
    }
    pub const fn directory(mut self, directory: Directory) -> Self {
        self.directory = Some(directory);
        self
    }

    /// How many items stand in a repeated section; 1 for a plain one. The count is an answer of
    /// its own, so that an empty item survives a save.
    pub fn count(&self, answers: &Answers) -> usize {
        match self.repeat {
            None => 1,
            Some(repeat) => {
                let stored = answers.text(&self.count_address()).parse().unwrap_or(0_usize);
                stored.clamp(repeat.min, repeat.max)
            }
        }
    }

    /// Whether the section stands on the page: one of its questions is asked, or items can be added.
    pub fn is_shown(&'static self, answers: &Answers) -> bool {
        match self.count(answers) {
            0 => holds(self.when, answers, str::to_owned),
            _ => self.places(answers).any(|place| place.is_shown(answers)),
        }
    }

    /// Whether answers of this section decide what else is asked, so that a page without scripts has
    /// to ask the server.
    pub fn decides(&self, form: &Form) -> bool {
        form.sections().any(|section| {
            let own = section.key == self.key;
            let fields = section.fields.iter().flat_map(|field| {
                [field.when, field.required, field.relabel.map_or(When::Never, |(when, _)| when)]
            });
            std::iter::once(section.when).chain(fields).any(|when| mentions(when, self.key, own))
        })
    }

    /// Where the section remembers a tick of its own, which is kept in the draft and never filed.
    pub fn own_address(&self, key: &str) -> String {
        format!("{}.{key}", self.key)
    }

    /// Whether such a tick stands on the page.
    pub fn offers(&self, same: &SameAs, answers: &Answers) -> bool {
        let sibling = |key: &str| self.own_address(key);
        holds(self.when, answers, sibling) && holds(same.when, answers, sibling)
    }

    pub fn count_address(&self) -> String {
        format!("{}.#", self.key)
    }

    /// The section's places, one per field and item, shown or not.
    pub fn places<'a>(&'static self, answers: &'a Answers) -> impl Iterator<Item = Place> + 'a {
        let items = self.count(answers);
        (0..items).flat_map(move |item| {
            let item = self.repeat.map(|_| item);
            self.fields.iter().map(move |field| Place { section: self, item, field })
        })
    }
}

/// A field where it stands: section, item of a repeated section, field.
#[derive(Clone, Copy)]
pub struct Place {
    pub section: &'static Section,
    pub item: Option<usize>,
    pub field: &'static Field,
}

impl Place {
    /// The name of the control and the key of the answer.
    pub fn address(&self) -> String {
        self.sibling(self.field.key)
    }

    /// The address of another field of the same section and item.
    pub fn sibling(&self, key: &str) -> String {
        match self.item {
            None => format!("{}.{key}", self.section.key),
            Some(item) => format!("{}.{item}.{key}", self.section.key),
        }
    }

    pub fn holds(&self, when: When, answers: &Answers) -> bool {
        holds(when, answers, |key| self.sibling(key))
    }

    /// Whether the question is asked at all, given the other answers.
    pub fn is_shown(&self, answers: &Answers) -> bool {
        self.holds(self.section.when, answers) && self.holds(self.field.when, answers)
    }

    /// Where the answer comes from while the tick says so; the question is not asked then.
    pub fn copied_from(&self, answers: &Answers) -> Option<&'static str> {
        self.section.same_as.iter().find_map(|same| {
            let (_, from) = same.fields.iter().find(|(own, _)| *own == self.field.key)?;
            let is_ticked = answers.has(&self.section.own_address(same.key), "yes");
            (is_ticked && self.section.offers(same, answers)).then_some(*from)
        })
    }

    /// Whether a control stands on the page for it.
    pub fn is_drawn(&self, answers: &Answers) -> bool {
        self.is_shown(answers) && self.copied_from(answers).is_none()
    }

    pub fn is_required(&self, answers: &Answers) -> bool {
        self.holds(self.field.required, answers)
    }

    pub fn label(&self, answers: &Answers) -> &'static str {
        match self.field.relabel {
            Some((when, label)) if self.holds(when, answers) => label,
            _ => self.field.label,
        }
    }
}

fn holds(when: When, answers: &Answers, sibling: impl Fn(&str) -> String + Copy) -> bool {
    let read = |at: &str, code: &str| match at.strip_prefix('.') {
        Some(key) => answers.has(&sibling(key), code),
        None => answers.has(at, code),
    };
    match when {
        When::Always => true,
        When::Never => false,
        When::Is(at, code) => read(at, code),
        When::Not(at, code) => !read(at, code),
        When::Given(at) => match at.strip_prefix('.') {
            Some(key) => answers.get(&sibling(key)).is_some(),
            None => answers.get(at).is_some(),
        },
        When::AnyOf(at, codes) => codes.iter().any(|code| read(at, code)),
        When::All(all) => all.iter().all(|when| holds(*when, answers, sibling)),
        When::Either(any) => any.iter().any(|when| holds(*when, answers, sibling)),
    }
}

/// Whether a condition looks at an answer of the section; `own`: it stands in that section.
fn mentions(when: When, section: &str, own: bool) -> bool {
    match when {
        When::Always | When::Never => false,
        When::Is(at, _) | When::Not(at, _) | When::Given(at) | When::AnyOf(at, _) => {
            if at.starts_with('.') {
                own
            } else {
                at.split('.').next() == Some(section)
            }
        }
        When::All(all) | When::Either(all) => all.iter().any(|when| mentions(*when, section, own)),
    }
}

impl Step {
    pub fn sections(&self) -> &'static [Section] {
        match self.body {
            Body::Sections(sections) => sections,
            Body::Subject | Body::Notice(_) => &[],
        }
    }
}

impl Form {
    /// The steps that ask something, in their order.
    pub fn steps_with_questions(&self) -> impl Iterator<Item = &'static Step> {
        self.steps.iter().filter(|step| matches!(step.body, Body::Sections(_)))
    }

    pub fn step(&self, key: &str) -> Option<&'static Step> {
        self.steps.iter().find(|step| step.key == key)
    }

    pub fn sections(&self) -> impl Iterator<Item = &'static Section> {
        self.steps.iter().flat_map(|step| step.sections())
    }

    pub fn section(&self, key: &str) -> Option<&'static Section> {
        self.sections().find(|section| section.key == key)
    }

    /// Every place, shown or not, in the order of the form.
    pub fn places<'a>(&'static self, answers: &'a Answers) -> impl Iterator<Item = Place> + 'a {
        self.sections().flat_map(move |section| section.places(answers))
    }

    pub fn shown<'a>(&'static self, answers: &'a Answers) -> impl Iterator<Item = Place> + 'a {
        self.places(answers).filter(move |place| place.is_shown(answers))
    }

    /// The place an address names, if the form has it. Any item number within the section's bound
    /// is taken.
    pub fn place(&self, at: &str) -> Option<Place> {
        let (section, rest) = at.split_once('.')?;
        let section = self.section(section)?;
        let (item, key) = match (section.repeat, rest.split_once('.')) {
            (None, None) => (None, rest),
            (Some(repeat), Some((item, key))) => {
                let item = item.parse::<usize>().ok().filter(|item| *item < repeat.max)?;
                (Some(item), key)
            }
            _ => return None,
        };
        let field = section.fields.iter().find(|field| field.key == key)?;
        Some(Place { section, item, field })
    }

    /// The step an address stands on.
    pub fn step_of(&self, at: &str) -> Option<&'static Step> {
        let (key, _) = at.split_once('.')?;
        self.steps.iter().find(|step| step.sections().iter().any(|section| section.key == key))
    }

    /// The answers a blank form starts with.
    pub fn defaults(&'static self) -> Answers {
        let mut answers = Answers::new();
        for section in self.sections() {
            if let Some(repeat) = section.repeat {
                answers.set_text(section.count_address(), repeat.min.to_string());
            }
        }
        let places: Vec<Place> = self.places(&answers).collect();
        for place in places {
            let default = place.field.default;
            if !default.is_empty() {
                let items = default.iter().map(|item| (*item).to_owned()).collect();
                let answer = match place.field.kind {
                    Kind::Ticks(_) | Kind::Lines { .. } => crate::answer::Answer::Many(items),
                    _ => crate::answer::Answer::One(items.into_iter().next().unwrap_or_default()),
                };
                answers.set(place.address(), answer);
            }
        }
        answers
    }

    /// Whether the value at an address is personal: encrypted at rest, masked when shown (R70).
    pub fn mask_at(&self, at: &str) -> Option<Mask> {
        match self.place(at)?.field.privacy {
            Privacy::Plain => None,
            Privacy::Personal(mask) => Some(mask),
        }
    }
}
