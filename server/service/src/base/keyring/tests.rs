#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use proptest::prelude::*;

use super::*;

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    digits.chunks(2).map(|two| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap()).collect()
}

fn key(first: u8) -> SecretKey {
    Zeroizing::new(std::array::from_fn(|at| first.wrapping_add(at as u8)))
}

fn keyring(suite: Suite, ids: &[u16]) -> Keyring {
    let keys = ids.iter().map(|id| (*id, key(*id as u8))).collect();
    Keyring::from_keys(suite, keys, HashSuite::HmacSha256, key(200)).unwrap()
}

const BOTH: [Suite; 2] = [Suite::Aes256Gcm, Suite::Sm4Gcm];

#[test]
fn sm4_gcm_agrees_with_rfc_8998() {
    let plain = unhex(
        "AAAAAAAAAAAAAAAABBBBBBBBBBBBBBBBCCCCCCCCCCCCCCCCDDDDDDDDDDDDDDDD
             EEEEEEEEEEEEEEEEFFFFFFFFFFFFFFFFEEEEEEEEEEEEEEEEAAAAAAAAAAAAAAAA",
    );
    let aad = unhex("FEEDFACEDEADBEEFFEEDFACEDEADBEEFABADDAD2");
    let key = unhex("0123456789ABCDEFFEDCBA9876543210");
    let nonce = unhex("00001234567800000000ABCD");
    let expected = unhex(
        "17F399F08C67D5EE19D0DC9969C4BB7D5FD46FD3756489069157B282BB200735
             D82710CA5C22F0CCFA7CBF93D496AC15A56834CBCF98C397B4024A2691233B8D
             83DE3541E4C2B58177E065A9BF7B62EC",
    );
    let sealed = seal_with::<Sm4Gcm>(&key, &nonce, Payload { msg: &plain, aad: &aad }).ok().unwrap();
    assert_eq!(sealed, expected);
    let opened = open_with::<Sm4Gcm>(&key, &nonce, Payload { msg: &sealed, aad: &aad }).ok().unwrap();
    assert_eq!(opened, plain);
}

#[test]
fn aes_256_gcm_agrees_with_the_vector_of_its_specification() {
    let plain = unhex(
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72
             1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
    );
    let aad = unhex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
    let key = unhex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308");
    let expected = unhex(
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa
             8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662
             76fc6ece0f4e1768cddf8853bb2d551b",
    );
    let nonce = unhex("cafebabefacedbaddecaf888");
    let sealed = seal_with::<Aes256Gcm>(&key, &nonce, Payload { msg: &plain, aad: &aad }).ok().unwrap();
    assert_eq!(sealed, expected);
}

/// GB/T 32907-2016, appendix A: once, and a million times over.
#[test]
fn sm4_agrees_with_its_standard() {
    use sm4::cipher::{Block, BlockCipherEncrypt as _};
    let text = unhex("0123456789ABCDEFFEDCBA9876543210");
    let cipher = sm4::Sm4::new_from_slice(&text).unwrap();
    let mut block = Block::<sm4::Sm4>::try_from(text.as_slice()).unwrap();
    cipher.encrypt_block(&mut block);
    assert_eq!(block.as_slice(), unhex("681EDF34D206965E86B3E94F536E4246"));
    (1..1_000_000).for_each(|_| cipher.encrypt_block(&mut block));
    assert_eq!(block.as_slice(), unhex("595298C7C6FD271F0402F804C33D3F66"));
}

/// A key of ours that begins with these bytes: HMAC pads keys with zeros.
fn padded(bytes: &[u8]) -> SecretKey {
    let mut key = [0; 32];
    key[..bytes.len()].copy_from_slice(bytes);
    Zeroizing::new(key)
}

/// RFC 4231 (case 2) for SHA-256, GM/T 0042-2015, D.3 (all keys that are no longer than ours) for SM3.
#[test]
fn keyed_hashes_agree_with_their_vectors() {
    let jefe: [&[u8]; 2] = [b"what do ya want ", b"for nothing?"];
    assert_eq!(
        authenticate::<Hmac<Sha256>>(&padded(b"Jefe"), &jefe),
        unhex("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
    );
    assert_eq!(
        authenticate::<Hmac<Sm3>>(&padded(b"Jefe"), &jefe),
        unhex("2e87f1d16862e6d964b50a5200bf2b10b764faa9680a296a2405f24bec39f882")
    );
    assert_eq!(
        authenticate::<Hmac<Sm3>>(&Zeroizing::new([0x0b; 32]), &[b"Hi There"]),
        unhex("c0ba18c68b90c88bc07de794bfc7d2c8d19ec31ed8773bc2b390c9604e0be11e")
    );
    let half = b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    assert_eq!(
        authenticate::<Hmac<Sm3>>(&key(1), &[half, half]),
        unhex("ca05e144ed05d1857840d1f318a4a8669e559fc8391f414485bfdf7bb408963a")
    );
}

/// No standard prints a value of HKDF with SM3; this one is OpenSSL's (`openssl kdf … digest:SM3`).
#[test]
fn subkeys_for_sm4_are_those_another_implementation_derives() {
    let mut subkey = [0; 16];
    Suite::Sm4Gcm.derive(&key(1), b"context", &mut subkey).ok().unwrap();
    assert_eq!(subkey.as_slice(), unhex("A35EEABC301E44022DA2357E0244906A"));
}

#[test]
fn what_was_sealed_opens_in_its_own_place_only() {
    for suite in BOTH {
        let ring = keyring(suite, &[7]);
        let sealed = ring.seal("draft/answers/1", "张三".as_bytes()).unwrap();
        assert_eq!(ring.open("draft/answers/1", &sealed).unwrap(), "张三".as_bytes());
        for elsewhere in ["draft/answers/2", "draft/answers/", "", "person/name/1"] {
            assert!(matches!(ring.open(elsewhere, &sealed), Err(KeyringError::DoesNotOpen)), "{elsewhere}");
        }
    }
}

#[test]
fn a_value_with_any_byte_changed_or_missing_does_not_open() {
    for suite in BOTH {
        let ring = keyring(suite, &[1, 2]);
        let sealed = ring.seal("x", b"110101199003074530").unwrap();
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(ring.open("x", &changed).is_err(), "{suite:?} byte {at}");
            assert!(ring.open("x", &sealed[..at]).is_err(), "{suite:?} cut at {at}");
        }
    }
}

#[test]
fn the_same_value_sealed_twice_looks_different() {
    let ring = keyring(Suite::Aes256Gcm, &[1]);
    assert_ne!(ring.seal("x", b"same").unwrap(), ring.seal("x", b"same").unwrap());
}

#[test]
fn a_fresh_line_is_a_key_with_an_id_of_its_own() {
    let ring = keyring(Suite::Aes256Gcm, &[7, 3]);
    let line = ring.new_line().unwrap();
    assert!(line.starts_with("key 8 "), "{}", *line);
    let hash = "hash hmac-sha-256 ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=";
    let with = Keyring::parse(&format!("{}\n{hash}", *line)).unwrap();
    let sealed = with.seal_text("x", "text").unwrap();
    assert_eq!(sealed_by(&sealed), Some(8));
    assert!(sealed.starts_with(&with.header_text()));
    assert_eq!(with.header_text().len(), 4);
}

#[test]
fn a_key_is_added_to_a_file_in_one_step_and_what_stood_there_stays() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("keys");
    let first = Keyring::generate_into(&file, Algorithms::International).unwrap();
    let before = std::fs::read_to_string(&file).unwrap();
    let sealed = first.seal("place", b"text").unwrap();
    assert_eq!(Keyring::add_key_to(&file).unwrap(), 2);
    assert_eq!(Keyring::add_key_to(&file).unwrap(), 3);
    let after = Keyring::load(&file).unwrap();
    assert_eq!(after.key_ids(), [3, 2, 1]);
    assert_eq!(after.open("place", &sealed).unwrap(), b"text");
    assert_eq!(after.fingerprint("purpose", "text"), first.fingerprint("purpose", "text"));
    let text = std::fs::read_to_string(&file).unwrap();
    let added = |line: &&str| line.starts_with("key 2 ") || line.starts_with("key 3 ");
    let left: Vec<&str> = text.lines().filter(|line| !added(line)).collect();
    assert_eq!(left, before.lines().collect::<Vec<_>>());
    // What is no file of keys is left as it is.
    std::fs::write(&file, "suite none\n").unwrap();
    assert!(Keyring::add_key_to(&file).is_err());
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "suite none\n");
    assert!(Keyring::add_key_to(&home.path().join("nowhere")).is_err());
}

#[test]
fn after_rotation_old_values_open_and_new_ones_use_the_new_key() {
    let before = keyring(Suite::Aes256Gcm, &[1]);
    let after = keyring(Suite::Sm4Gcm, &[2, 1]);
    let old = before.seal("x", b"old").unwrap();
    assert_eq!(after.open("x", &old).unwrap(), b"old");
    assert!(after.is_outdated(&old) && !before.is_outdated(&old));

    let new = after.seal("x", b"new").unwrap();
    assert_eq!(new[..3], [2, 0, 2], "suite and key id stand in front");
    assert!(!after.is_outdated(&new));
    assert!(matches!(before.open("x", &new), Err(KeyringError::UnknownKey(2))));
}

#[test]
fn fingerprints_survive_rotation_and_differ_by_purpose_text_and_key() {
    let ring = keyring(Suite::Aes256Gcm, &[1]);
    let rotated = keyring(Suite::Sm4Gcm, &[9, 1]);
    let print = ring.fingerprint("mobile", "13800138000");
    assert_eq!(print, rotated.fingerprint("mobile", "13800138000"));
    assert_eq!(print.len(), 43);
    assert_ne!(print, ring.fingerprint("mobile", "13800138001"));
    assert_ne!(print, ring.fingerprint("id", "13800138000"));
    assert_ne!(ring.fingerprint("ab", "c"), ring.fingerprint("a", "bc"));
    let other_key =
        Keyring::from_keys(Suite::Aes256Gcm, vec![(1, key(1))], HashSuite::HmacSha256, key(201)).unwrap();
    assert_ne!(print, other_key.fingerprint("mobile", "13800138000"));
    let sm3 = Keyring::from_keys(Suite::Aes256Gcm, vec![(1, key(1))], HashSuite::HmacSm3, key(200)).unwrap();
    assert_ne!(print, sm3.fingerprint("mobile", "13800138000"));
}

#[test]
fn values_written_by_the_first_version_stay_readable() {
    // Frozen: if this fails, the format changed and stored data are lost. Add a version instead.
    let ring = keyring(Suite::Aes256Gcm, &[1]);
    assert_eq!(ring.open_text("frozen", FROZEN_AES).unwrap(), "始终可读");
    assert_eq!(ring.open_text("frozen", FROZEN_SM4).unwrap(), "始终可读");
    assert_eq!(ring.fingerprint("mobile", "13800138000"), FROZEN_FINGERPRINT);
}
// The first and the last were made by other implementations (OpenSSL, Python).
const FROZEN_AES: &str = "AQABAAECAwQFBgcICQoLVkKVp8TCpZYyKhtP8UC7BIrjwaxNA5YPknTdkA";
const FROZEN_SM4: &str = "AgABAAECAwQFBgcICQoL2UE3pgAHyVEDH7mZt1WFwLbiyJ-pHDQDq0MbIA";
const FROZEN_FINGERPRINT: &str = "7M8QyW0U5Z4EQCAL3Ase_9YEv-ZlQH8WN1A7k7zwZUs";

#[test]
fn stars_sent_back_are_not_taken_for_a_sealed_value() {
    let ring = keyring(Suite::Aes256Gcm, &[1]);
    let sealed = ring.seal_text("form/1/mobile", "13800138000").unwrap();
    assert!(!sealed.contains("138"));
    assert_eq!(ring.open_text("form/1/mobile", &sealed).unwrap(), "13800138000");
    for text in ["138****5678", "", "13800138000", "AQAB"] {
        assert!(ring.open_text("form/1/mobile", text).is_err(), "{text}");
    }
}

#[test]
fn debug_output_and_errors_show_no_secret() {
    let text = "suite aes-256-gcm
key 1 AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=
hash hmac-sha-256 ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=
";
    let ring = Keyring::parse(text).unwrap();
    assert_eq!(format!("{ring:?}"), "Keyring { suite: Aes256Gcm, key_ids: [1], hash_suite: HmacSha256, .. }");
    let fault = Keyring::parse(&text.replace("HyA=", "H*A=")).unwrap_err();
    assert_eq!(fault.to_string(), "line 2 of the keys is not usable: a key is 32 bytes in base64");
}

#[test]
fn unusable_keys_are_refused() {
    let hash = "hash hmac-sha-256 ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=";
    let one = "key 1 AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=";
    let zeros = "key 1 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    for text in [
        String::new(),
        hash.to_owned(),
        one.to_owned(),
        format!(
            "{one}
{one}
{hash}"
        ),
        format!(
            "{one}
{hash}
{hash}"
        ),
        format!(
            "{zeros}
{hash}"
        ),
        format!(
            "key 1 ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=
{hash}"
        ),
        format!(
            "suite rot13
{one}
{hash}"
        ),
        format!(
            "key 70000 AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=
{hash}"
        ),
        format!(
            "key 1 AQID
{hash}"
        ),
        format!(
            "nonsense
{one}
{hash}"
        ),
    ] {
        assert!(Keyring::parse(&text).is_err(), "{text}");
    }
}

#[test]
fn generated_keys_are_private_and_never_overwritten() {
    let directory = tempfile::tempdir().unwrap();
    for (name, algorithms) in [("keys", Algorithms::International), ("national", Algorithms::National)] {
        let path = directory.path().join(name);
        let made = Keyring::generate_into(&path, algorithms).unwrap();
        let sealed = made.seal("x", b"kept").unwrap();
        let loaded = Keyring::load(&path).unwrap();
        assert_eq!(loaded.open("x", &sealed).unwrap(), b"kept");
        assert_eq!((loaded.suite, loaded.hash_suite), (algorithms.suite(), algorithms.hash_suite()));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        let before = fs::read(&path).unwrap();
        assert!(matches!(Keyring::generate_into(&path, algorithms), Err(KeyringError::File(_))));
        assert_eq!(fs::read(&path).unwrap(), before);
        let other = Keyring::generate_into(&directory.path().join(format!("other-{name}")), algorithms);
        assert!(matches!(other.unwrap().open("x", &sealed), Err(KeyringError::DoesNotOpen)));
    }
}

#[test]
fn tokens_are_long_and_stored_as_hashes() {
    let token = random_token().unwrap();
    assert_eq!(token.len(), 43);
    assert_ne!(*token, *random_token().unwrap());
    let sha256 = keyring(Suite::Aes256Gcm, &[1]);
    let sm3 = Keyring::from_keys(Suite::Sm4Gcm, vec![(1, key(1))], HashSuite::HmacSm3, key(200)).unwrap();
    for ring in [&sha256, &sm3] {
        assert_eq!(ring.token_hash(&token), ring.token_hash(&token));
        assert_eq!(ring.token_hash(&token).len(), 43);
        assert_ne!(ring.token_hash(&token), *token);
    }
    assert_eq!(sha256.token_hash("abc"), "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0");
    assert_eq!(sm3.token_hash("abc"), "Zsfw9GLu7dnR8tRr3BDk4kFnxIdc8veiKX2gK49LqOA");
}

#[test]
fn codes_are_six_digits_and_none_is_likelier() {
    assert_eq!(code_of(7).unwrap(), "000007");
    assert_eq!(code_of(4_293_999_999).unwrap(), "999999");
    assert_eq!(code_of(4_294_000_000), None);
    assert_eq!(code_of(u32::MAX), None);
    for _ in 0..200 {
        let code = six_digits().unwrap();
        assert!(code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit()));
    }
}

proptest! {
    #[test]
    fn any_value_survives_sealing(plain: Vec<u8>, context: String) {
        for suite in BOTH {
            let ring = keyring(suite, &[3]);
            let sealed = ring.seal(&context, &plain).unwrap();
            prop_assert_eq!(ring.open(&context, &sealed).unwrap(), plain.clone());
        }
    }

    #[test]
    fn hostile_bytes_never_open_and_never_panic(bytes: Vec<u8>, text: String) {
        let ring = keyring(Suite::Aes256Gcm, &[1]);
        prop_assert!(ring.open("x", &bytes).is_err());
        prop_assert!(ring.open_text("x", &text).is_err());
    }
}
