//! What the environment says, in place of the configuration file.

use ipnet::IpNet;
use secrecy::SecretString;

use super::file::{ConfigFile, MetricsSection, OtlpSection};
use super::model::Mode;
use super::oidc::OidcConfig;

/// Reads one variable of the environment; tests pass a table instead.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The variables that are not empty, and what is wrong with them.
pub(super) struct Variables<'a> {
    environment: Environment<'a>,
    refusals: &'a mut Vec<String>,
}

impl Variables<'_> {
    pub(super) fn read(&self, name: &str) -> Option<String> {
        (self.environment)(name).filter(|value| !value.is_empty())
    }

    /// The first of the names that is set.
    fn first(&self, names: &[&str]) -> Option<String> {
        names.iter().find_map(|name| self.read(name))
    }

    pub(super) fn secret(&self, name: &str) -> Option<SecretString> {
        self.read(name).map(SecretString::from)
    }

    fn refuse(&mut self, sentence: impl Into<String>) {
        self.refusals.push(sentence.into());
    }
}

/// What the environment says goes before what was there.
pub(super) fn replace<T>(setting: &mut Option<T>, said: Option<impl Into<T>>) {
    if let Some(said) = said {
        *setting = Some(said.into());
    }
}

impl ConfigFile {
    pub(super) fn override_with(&mut self, environment: Environment<'_>, refusals: &mut Vec<String>) {
        let mut variables = Variables { environment, refusals };
        self.override_place(&mut variables);
        self.override_identity_platform(&mut variables);
        self.override_assurance(&mut variables);
        self.override_watching(&mut variables);
        self.override_switches(&mut variables);
        self.override_storage(&mut variables);
        match variables.read("BEIAN_SECOND_LOOK_PERCENT").map(|value| value.parse()) {
            None => {}
            Some(Ok(percent)) => self.second_look_percent = Some(percent),
            Some(Err(_)) => {
                variables.refuse("BEIAN_SECOND_LOOK_PERCENT must be a whole number from 0 to 100.")
            }
        }
        if let Some(keys) = variables.secret("BEIAN_KEYS") {
            (self.keys, self.keys_file) = (Some(keys), None);
        } else if let Some(file) = variables.read("BEIAN_KEYS_FILE") {
            (self.keys, self.keys_file) = (None, Some(file.into()));
        }
        replace(&mut self.first_administrator, variables.secret("BEIAN_FIRST_ADMINISTRATOR"));
        replace(&mut self.registration_sign, variables.read("BEIAN_REGISTRATION_SIGN"));
        replace(&mut self.platform_name, variables.read("BEIAN_PLATFORM_NAME"));
        if let Some(secret) = variables.secret("BEIAN_SMS_SECRET") {
            match &mut self.sms {
                Some(sms) => sms.secret = secret,
                None => variables.refuse("BEIAN_SMS_SECRET needs [sms] in the configuration."),
            }
        }
        if let Some(password) = variables.secret("BEIAN_SMTP_PASSWORD") {
            match &mut self.smtp {
                Some(smtp) => smtp.password = Some(password),
                None => variables.refuse("BEIAN_SMTP_PASSWORD needs [smtp] in the configuration."),
            }
        }
    }

    /// Where the program listens, is reached and keeps things.
    fn override_place(&mut self, variables: &mut Variables<'_>) {
        match variables.read("BEIAN_MODE").as_deref() {
            None => {}
            Some("development") => self.mode = Some(Mode::Development),
            Some("production") => self.mode = Some(Mode::Production),
            Some(_) => variables.refuse("BEIAN_MODE must be development or production."),
        }
        match variables.first(&["BEIAN_ADDR", "ADDR"]).map(|value| value.parse()) {
            None => {}
            Some(Ok(addr)) => self.addr = Some(addr),
            Some(Err(_)) => variables.refuse("ADDR must be an address and a port, such as 127.0.0.1:3000."),
        }
        replace(&mut self.public_url, variables.read("BEIAN_PUBLIC_URL"));
        replace(&mut self.site_dir, variables.first(&["BEIAN_SITE_DIR", "SITE_DIR"]));
        replace(&mut self.data_dir, variables.first(&["BEIAN_DATA_DIR", "DATA_DIR"]));
        replace(&mut self.database_url, variables.first(&["BEIAN_DATABASE_URL", "DATABASE_URL"]));
        replace(&mut self.scratch_database_url, variables.read("BEIAN_SCRATCH_DATABASE_URL"));
        replace(&mut self.replica_database_url, variables.read("BEIAN_REPLICA_DATABASE_URL"));
        replace(&mut self.postgres_programs, variables.read("BEIAN_POSTGRES_PROGRAMS"));
        if let Some(value) = variables.read("BEIAN_TRUSTED_PROXIES") {
            self.trusted_proxies.clear();
            for part in value.split(',') {
                match parse_network(part.trim()) {
                    Some(network) => self.trusted_proxies.push(network),
                    None => variables
                        .refuse("BEIAN_TRUSTED_PROXIES must be addresses or networks, parted by commas."),
                }
            }
        }
    }

    /// How this server is seen from outside.
    fn override_watching(&mut self, variables: &mut Variables<'_>) {
        match variables.read("BEIAN_METRICS_ADDR").map(|value| value.parse()) {
            None => {}
            Some(Ok(addr)) => self.metrics = Some(MetricsSection { addr }),
            Some(Err(_)) => {
                variables.refuse("BEIAN_METRICS_ADDR must be an address and a port, such as 127.0.0.1:9464.")
            }
        }
        if let Some(endpoint) = variables.read("BEIAN_OTLP_ENDPOINT") {
            let logs = self.otlp.as_ref().and_then(|otlp| otlp.logs);
            self.otlp = Some(OtlpSection { endpoint, logs });
        }
        match variables.read("BEIAN_DRAIN_SECONDS").map(|value| value.parse()) {
            None => {}
            Some(Ok(seconds)) => self.drain_seconds = Some(seconds),
            Some(Err(_)) => variables.refuse("BEIAN_DRAIN_SECONDS must be a number of seconds."),
        }
    }

    fn override_identity_platform(&mut self, variables: &mut Variables<'_>) {
        let client_id = variables.read("BEIAN_OIDC_CLIENT_ID");
        let client_secret = variables.secret("BEIAN_OIDC_CLIENT_SECRET");
        if let Some(issuer) = variables.read("BEIAN_OIDC_ISSUER") {
            let claims = self.oidc.take().map(|oidc| oidc.claims).unwrap_or_default();
            match (client_id, client_secret) {
                (Some(client_id), Some(client_secret)) => {
                    self.oidc = Some(OidcConfig { issuer, client_id, client_secret, claims });
                }
                _ => variables.refuse(
                    "BEIAN_OIDC_ISSUER needs BEIAN_OIDC_CLIENT_ID and BEIAN_OIDC_CLIENT_SECRET beside it.",
                ),
            }
        } else if let Some(oidc) = &mut self.oidc {
            if let Some(client_id) = client_id {
                oidc.client_id = client_id;
            }
            if let Some(client_secret) = client_secret {
                oidc.client_secret = client_secret;
            }
        }
    }

    fn override_assurance(&mut self, variables: &mut Variables<'_>) {
        if let Some(value) = variables.read("BEIAN_STAFF_ACR") {
            self.assurance.staff_acr = value.split_whitespace().map(str::to_owned).collect();
        }
        let minutes = [
            ("BEIAN_STAFF_MAX_AGE_MINUTES", &mut self.assurance.staff_max_age_minutes),
            ("BEIAN_FRESH_MINUTES", &mut self.assurance.fresh_minutes),
        ];
        for (name, setting) in minutes {
            match variables.read(name).map(|value| value.parse()) {
                None => {}
                Some(Ok(value)) => *setting = Some(value),
                Some(Err(_)) => variables.refuse(format!("{name} must be a number of minutes.")),
            }
        }
    }

    fn override_switches(&mut self, variables: &mut Variables<'_>) {
        let mut nowhere = None;
        let logs = self.otlp.as_mut().map_or(&mut nowhere, |otlp| &mut otlp.logs);
        let switches = [
            ("BEIAN_NO_SAMPLES", &mut self.no_samples),
            ("BEIAN_SAMPLE_FILINGS", &mut self.sample_filings),
            ("BEIAN_ALLOW_UNVERIFIED_DATABASE", &mut self.allow_unverified_database),
            ("BEIAN_FORWARD_CLOCK", &mut self.forward_clock),
            ("BEIAN_NETWORK_CHECKS", &mut self.network_checks),
            ("BEIAN_PATROL", &mut self.patrol.enabled),
            ("BEIAN_MIGRATE_ON_START", &mut self.migrate_on_start),
            ("BEIAN_OTLP_LOGS", logs),
        ];
        for (name, switch) in switches {
            match variables.read(name).as_deref() {
                None => {}
                Some("1" | "true") => *switch = Some(true),
                Some("0" | "false") => *switch = Some(false),
                Some(_) => variables.refuse(format!("{name} must be true or false.")),
            }
        }
    }
}

fn parse_network(text: &str) -> Option<IpNet> {
    text.parse::<IpNet>().ok().or_else(|| text.parse::<std::net::IpAddr>().ok().map(IpNet::from))
}
