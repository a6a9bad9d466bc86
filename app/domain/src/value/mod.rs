//! Single values that people type: identity numbers, codes, telephones, domain names, dates. A
//! check answers with the normalised text, or with a sentence that says what is wrong and how to
//! write it; that sentence is shown beside the field, in the browser and by the server alike (R73).
//! Nothing here is personal to one form, and nothing reads the clock.

pub mod credit_code;
pub mod date;
pub mod domain_name;
pub mod email;
pub mod icp_number;
pub mod id_number;
pub mod ip;
pub mod name;
pub mod phone;
pub mod software;
pub mod text;
pub mod url;
