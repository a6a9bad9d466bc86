//! Which answers a picture proves, so that whoever looks at it finds what to compare it with (R63).

/// By the last part of a picture's address: the answers beside it that are printed on it.
const PROVES: [(&str, &[&str]); 7] = [
    ("id_portrait", &["name", "id_kind", "id_no", "id_valid_to", "id_long_term", "address"]),
    ("id_emblem", &["id_valid_to", "id_long_term"]),
    ("id_handheld", &["name", "id_no"]),
    (
        "cert_image",
        &[
            "name",
            "cert_kind",
            "cert_no",
            "cert_other_name",
            "registered_region",
            "registered_address",
            "legal_rep_name",
        ],
    ),
    ("domain_cert", &["main_domain", "other_domains"]),
    ("icon", &["name"]),
    ("qr_image", &["name", "access_url"]),
];

/// The addresses of the answers that the picture at an address proves; none where it shows nothing that was answered.
pub fn proven_by(picture: &str) -> Vec<String> {
    let Some((place, key)) = picture.rsplit_once('.') else { return Vec::new() };
    let proven = PROVES.iter().find(|(picture, _)| *picture == key).map_or(&[][..], |(_, proven)| proven);
    proven.iter().map(|key| format!("{place}.{key}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::business::Business;
    use crate::schema::Kind;

    /// Each line of the table names pictures and answers that forms have.
    #[test]
    fn what_is_proven_stands_in_the_form_of_the_picture() {
        let mut seen = Vec::new();
        for section in Business::ALL.into_iter().flat_map(|business| business.form().sections()) {
            for field in section.fields.iter().filter(|field| matches!(field.kind, Kind::Pictures { .. })) {
                let proven = proven_by(&format!("{}.{}", section.key, field.key));
                let is_there =
                    |at: &&String| section.fields.iter().any(|one| at.ends_with(&format!(".{}", one.key)));
                if !proven.is_empty() {
                    assert!(proven.iter().any(|at| is_there(&at)), "{}.{}", section.key, field.key);
                    seen.push(field.key);
                }
            }
        }
        assert!(PROVES.iter().all(|(picture, _)| seen.contains(picture)), "{seen:?}");
    }

    #[test]
    fn a_portrait_proves_its_own_person() {
        assert!(proven_by("officer.id_portrait").contains(&"officer.id_no".to_owned()));
        assert!(proven_by("platform.2.qr_image").contains(&"platform.2.name".to_owned()));
        assert_eq!(proven_by("site.screenshots"), Vec::<String>::new());
        assert_eq!(proven_by("nothing"), Vec::<String>::new());
    }
}
