//! Which choice of files counts at each field. Uploads end in any order; what was chosen, or taken away, last is what
//! the person means.

use std::collections::BTreeMap;

/// The number of the last choice, by address.
#[derive(Debug, Default)]
pub struct Choices(BTreeMap<String, u64>);

impl Choices {
    /// The number of the last choice of this field.
    pub fn last(&self, at: &str) -> u64 {
        self.0.get(at).copied().unwrap_or_default()
    }

    /// Takes the place of every earlier choice of this field.
    pub fn replace(&mut self, at: &str) -> u64 {
        let number = self.last(at) + 1;
        self.0.insert(at.to_owned(), number);
        number
    }

    /// A choice of files where `max` may be: one file takes the place of the one before, of more each joins.
    pub fn choose(&mut self, at: &str, max: usize) -> u64 {
        if max > 1 { self.last(at) } else { self.replace(at) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_choice_of_one_file_takes_the_place_of_the_earlier() {
        let mut choices = Choices::default();
        let (first, second) = (choices.choose("people.portrait", 1), choices.choose("people.portrait", 1));
        assert_ne!(first, choices.last("people.portrait"));
        assert_eq!(second, choices.last("people.portrait"));
    }

    #[test]
    fn a_choice_of_one_field_says_nothing_of_another() {
        let mut choices = Choices::default();
        let portrait = choices.choose("people.portrait", 1);
        choices.choose("people.emblem", 1);
        assert_eq!(portrait, choices.last("people.portrait"));
    }

    #[test]
    fn where_more_files_may_be_each_choice_joins_until_they_are_taken_away() {
        let mut choices = Choices::default();
        let (first, second) = (choices.choose("site.shots", 5), choices.choose("site.shots", 5));
        assert!([first, second].iter().all(|number| *number == choices.last("site.shots")));
        choices.replace("site.shots");
        assert!([first, second].iter().all(|number| *number != choices.last("site.shots")));
    }
}
