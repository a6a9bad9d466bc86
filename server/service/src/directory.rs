//! The two directories of providers (R31): what fills the blocks of a form, where their rows come from
//! (the software, approved 服务商, administrators), and what applicants typed by hand, which waits apart
//! until an administrator takes it in, joins it with another, or decides against it.

use domain::answer::Answers;
use domain::dictionary::COUNTRY;
use domain::facts::ProviderFacts;
use domain::schema::{Directory, Fault, Form, Section, fault, label_of};
use domain::value::text::{comparison_key, tidy};
use domain::value::{phone, text};
use domain::view::{
    DirectoryRequest, Finder, Paged, ProviderRow, ProviderSearch, ProviderSource, SaveDraft, Saved,
};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect, Select,
};
use serde_json::json;
use time::OffsetDateTime;

use crate::db::{Transaction, millis, new_id, next_serial, plausible_id};
use crate::draft::{form_href, is_on, procedure_with_form};
use crate::entity::{provider, record};
use crate::error::{Error, Result};
use crate::filing::cut;
use crate::review::{containing, region_name};
use crate::{Actor, Service, again, region};

/// Longest name that is searched for.
const LONGEST_SEARCH: usize = 100;
/// Brands a provider may be found by.
const MOST_ALIASES: usize = 200;

/// What the directories begin with (`domain.md` 9.10): (name, region or country, phone, aliases, access,
/// registrar). Regions are to be verified by the operator.
const SEED: &[(&str, &str, &str, &str, bool, bool)] = &[
    ("腾讯云计算（北京）有限责任公司", "110108", "4009100100", "腾讯云", true, false),
    ("深圳平安通信科技有限公司", "440300", "", "平安云", true, false),
    ("上海有孚计算机网络有限公司", "310000", "", "有孚", true, false),
    ("阿里云计算有限公司", "330100", "", "阿里云 万网", true, true),
    ("华为云计算技术有限公司", "520000", "", "华为云", true, true),
    ("北京百度网讯科技有限公司", "110108", "", "百度智能云", true, true),
    ("天翼云科技有限公司", "110000", "", "天翼云", true, false),
    ("烟台帝思普网络科技有限公司", "370600", "", "DNSPod 腾讯云", false, true),
    ("成都西维数码科技有限公司", "510100", "", "西部数码", true, true),
    ("北京新网数码信息技术有限公司", "110000", "", "新网", false, true),
    ("厦门易名科技股份有限公司", "350200", "", "易名中国", false, true),
    ("GoDaddy.com, LLC", "US", "", "", false, true),
    ("NameSilo, LLC", "US", "", "", false, true),
    ("Namecheap, Inc.", "US", "", "", false, true),
    ("Cloudflare, Inc.", "US", "", "", false, true),
];

/// Where a provider sits: a region, or a country abroad.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    Region(String),
    Country(String),
}

impl Place {
    fn of(code: &str) -> Option<Self> {
        if region::exists(code) {
            Some(Place::Region(code.to_owned()))
        } else if COUNTRY.iter().any(|country| country.code == code) {
            Some(Place::Country(code.to_owned()))
        } else {
            None
        }
    }

    /// The columns `region` and `country`.
    fn columns(self) -> (String, String) {
        match self {
            Place::Region(code) => (code, String::new()),
            Place::Country(code) => (String::new(), code),
        }
    }

    fn holds(&self) -> Condition {
        let condition = Condition::all();
        match self {
            Place::Country(code) => condition.add(provider::Column::Country.eq(code.as_str())),
            Place::Region(code) => {
                let prefix = domain::jurisdiction::prefix(code);
                condition
                    .add(provider::Column::Region.gte(format!("{prefix:0<6}")))
                    .add(provider::Column::Region.lte(format!("{prefix:9<6}")))
            }
        }
    }
}

fn row_of(row: provider::Model) -> Result<ProviderRow> {
    let corrupt = || Error::Corrupt(format!("provider {}", row.id));
    let directory = Directory::from_code(&row.directory).ok_or_else(corrupt)?;
    let source = ProviderSource::from_code(&row.source).ok_or_else(corrupt)?;
    let (place, place_code) = match row.country.as_str() {
        "" if row.region.is_empty() => (String::new(), String::new()),
        "" => (region_name(&row.region), row.region),
        country => (format!("境外 {}", label_of(COUNTRY, country)), row.country),
    };
    Ok(ProviderRow {
        id: row.id,
        directory,
        name: row.name,
        aliases: row.aliases,
        place,
        place_code,
        phone: row.phone,
        source,
    })
}

/// What may be offered to applicants.
fn offered() -> impl Iterator<Item = &'static str> {
    [ProviderSource::Seed, ProviderSource::Kept, ProviderSource::Filing].into_iter().map(ProviderSource::code)
}

fn named(name: &str) -> Condition {
    let key = comparison_key(name);
    if key.is_empty() {
        return Condition::all();
    }
    let pattern = containing(&key);
    Condition::any()
        .add(provider::Column::NameKey.like(pattern.clone()))
        .add(provider::Column::AliasesKey.like(pattern))
}

/// Other names, each as it is compared.
pub(crate) fn aliases_key(aliases: &str) -> String {
    aliases.split_whitespace().map(comparison_key).collect::<Vec<_>>().join(" ")
}

/// The section of a form that a directory fills.
fn filled_by(form: &'static Form, key: &str) -> Option<(&'static Section, Directory)> {
    let section = form.section(key)?;
    section.directory.map(|directory| (section, directory))
}

/// What a block of a form says of its provider; nothing where it names none.
fn provider_in(section: &Section, answers: &Answers) -> Option<(String, Place, String)> {
    let text = |key: &str| answers.text(&format!("{}.{key}", section.key)).to_owned();
    let name = text("name");
    let place = match text("jurisdiction").as_str() {
        "abroad" => Place::Country(text("country")),
        _ => Place::Region(text("region")),
    };
    (!name.is_empty()).then(|| (name, place, text("phone")))
}

/// Rows from a cursor on, in the order of names; one more than a page.
async fn page_of(
    on: &impl ConnectionTrait,
    mut query: Select<provider::Entity>,
    after: &str,
) -> Result<Vec<provider::Model>> {
    if !after.is_empty() {
        let last =
            provider::Entity::find_by_id(plausible_id(after)?).one(on).await?.ok_or(Error::NotFound)?;
        let same_name = Condition::all()
            .add(provider::Column::Name.eq(&last.name))
            .add(provider::Column::Id.gt(&last.id));
        query = query.filter(Condition::any().add(provider::Column::Name.gt(&last.name)).add(same_name));
    }
    let query = query.order_by_asc(provider::Column::Name).order_by_asc(provider::Column::Id);
    Ok(query.limit(crate::filing::PAGE + 1).all(on).await?)
}

async fn paged(
    on: &impl ConnectionTrait,
    query: Select<provider::Entity>,
    after: &str,
) -> Result<Paged<ProviderRow>> {
    let total = query.clone().count(on).await?;
    let mut rows = page_of(on, query, after).await?;
    let next = cut(&mut rows, |row| &row.id);
    let rows = rows.into_iter().map(row_of).collect::<Result<_>>()?;
    Ok(Paged { rows, total, next, is_later: !after.is_empty() })
}

/// R40: an approved provider can be found in the look-up of R31.
pub(crate) async fn list_provider(
    on: &impl ConnectionTrait,
    record: &record::Model,
    facts: &ProviderFacts,
    now: OffsetDateTime,
) -> Result<()> {
    unlist_providers(on, std::slice::from_ref(&record.id)).await?;
    for directory in &facts.directories {
        let row = provider::ActiveModel {
            id: Set(new_id(now)),
            directory: Set(directory.code().to_owned()),
            name: Set(facts.name.clone()),
            aliases: Set(facts.brand.clone()),
            name_key: Set(comparison_key(&facts.name)),
            aliases_key: Set(aliases_key(&facts.brand)),
            region: Set(facts.region.clone()),
            country: Set(facts.country.clone()),
            phone: Set(facts.phone.clone()),
            source: Set(ProviderSource::Filing.code().to_owned()),
            record_id: Set(Some(record.id.clone())),
            created_at: Set(millis(now)),
        };
        row.insert(on).await?;
    }
    Ok(())
}

pub(crate) async fn unlist_providers(on: &impl ConnectionTrait, record_ids: &[String]) -> Result<()> {
    provider::Entity::delete_many()
        .filter(provider::Column::RecordId.is_in(record_ids))
        .exec_with_returning(on)
        .await?;
    Ok(())
}

/// What an approved filing names that no directory knows is kept apart for an administrator (R31).
pub(crate) async fn keep_typed(
    on: &Transaction,
    form: &'static Form,
    answers: &Answers,
    now: OffsetDateTime,
) -> Result<()> {
    for section in form.sections() {
        let Some(directory) = section.directory else { continue };
        let Some((name, place, phone)) = provider_in(section, answers) else { continue };
        let known = provider::Entity::find()
            .filter(provider::Column::Directory.eq(directory.code()))
            .filter(provider::Column::NameKey.eq(comparison_key(&name)))
            .count(on)
            .await?;
        if known > 0 {
            continue;
        }
        let (region, country) = place.columns();
        let row = provider::ActiveModel {
            id: Set(new_id(now)),
            directory: Set(directory.code().to_owned()),
            name_key: Set(comparison_key(&name)),
            name: Set(name),
            aliases: Set(String::new()),
            aliases_key: Set(String::new()),
            region: Set(region),
            country: Set(country),
            phone: Set(phone),
            source: Set(ProviderSource::Typed.code().to_owned()),
            record_id: Set(None),
            created_at: Set(millis(now)),
        };
        // Two approvals at once may name the same one: nothing comes back then.
        provider::Entity::insert_many([row])
            .on_conflict(
                OnConflict::columns([provider::Column::Directory, provider::Column::Name])
                    // As the index says it: SQLite does not look into a parameter.
                    .target_and_where(Expr::cust("source = 'typed'"))
                    .do_nothing()
                    .to_owned(),
            )
            .exec_with_returning(on)
            .await?;
    }
    Ok(())
}

/// An entry as an administrator writes it.
#[derive(Debug, Clone, Default)]
pub struct ProviderEntry<'a> {
    /// The row that is corrected or taken in; a new one where there is none.
    pub id: Option<&'a str>,
    pub directory: &'a str,
    pub name: &'a str,
    pub aliases: &'a str,
    /// Code of a region or country.
    pub place: &'a str,
    pub phone: &'a str,
}

/// An entry that can stand in a directory.
struct Entry {
    directory: Directory,
    name: String,
    aliases: String,
    place: Place,
    phone: String,
}

fn checked(entry: &ProviderEntry) -> Result<Entry> {
    let mut faults: Vec<Fault> = Vec::new();
    let mut say =
        |at: &str, label: &str, sentence: String| faults.push(fault(at, format!("{label}：{sentence}")));
    let directory = Directory::from_code(entry.directory);
    if directory.is_none() {
        say("directory", "名录", "请从列表中选择".to_owned());
    }
    let name = text::check_line(entry.name, 2, 100).map_err(|sentence| say("name", "名称", sentence)).ok();
    let aliases = match entry.aliases.trim() {
        "" => Some(String::new()),
        aliases => text::check_line(aliases, 1, MOST_ALIASES)
            .map_err(|sentence| say("aliases", "别名", sentence))
            .ok(),
    };
    let place = Place::of(entry.place.trim());
    if place.is_none() {
        say("place", "所属地区", "请填写六位行政区划代码或国家代码".to_owned());
    }
    let phone = match entry.phone.trim() {
        "" => Some(String::new()),
        number => {
            phone::check_any_phone(number).map_err(|sentence| say("phone", "电话", sentence.to_owned())).ok()
        }
    };
    match (directory, name, aliases, place, phone) {
        (Some(directory), Some(name), Some(aliases), Some(place), Some(phone)) => {
            Ok(Entry { directory, name, aliases, place, phone })
        }
        _ => Err(Error::Faults(faults)),
    }
}

impl Service {
    /// The dialog of a directory, for a block of the form that `answers` belong to (R31).
    pub(crate) async fn finder(
        &self,
        form: &'static Form,
        answers: &Answers,
        asked: &ProviderSearch,
    ) -> Result<Option<Finder>> {
        let Some((section, directory)) = filled_by(form, &asked.section) else { return Ok(None) };
        let mut search = asked.clone();
        search.name = tidy(&search.name).trim().chars().take(LONGEST_SEARCH).collect();
        if !search.is_asked {
            // What stands in the block already is where one begins.
            if let Some((name, place, _)) = provider_in(section, answers) {
                search.name = name;
                search.area = match place {
                    Place::Region(code) => {
                        code.get(..2).map(|prefix| format!("{prefix}0000")).unwrap_or_default()
                    }
                    Place::Country(code) => code,
                };
            } else {
                let at = format!("{}.region", section.key);
                let region = answers.text(&at).get(..2).map(|prefix| format!("{prefix}0000"));
                search.area = region.unwrap_or_default();
            }
        }
        let place = Place::of(&search.area);
        let mut finder = Finder {
            directory,
            provinces: region::options(""),
            fault: None,
            page: Paged::default(),
            is_elsewhere: false,
            search,
        };
        if !finder.search.is_asked {
            return Ok(Some(finder));
        }
        let Some(place) = place else {
            finder.fault = Some("请选择所属地区".to_owned());
            return Ok(Some(finder));
        };
        let on = self.db.read();
        let matching = provider::Entity::find()
            .filter(provider::Column::Directory.eq(directory.code()))
            .filter(provider::Column::Source.is_in(offered()))
            .filter(named(&finder.search.name));
        finder.page = paged(on, matching.clone().filter(place.holds()), &finder.search.after).await?;
        if finder.page.total == 0 && !finder.search.name.is_empty() {
            // The registered place of a provider is what people do not know.
            finder.page = paged(on, matching, &finder.search.after).await?;
            finder.is_elsewhere = finder.page.total > 0;
        }
        Ok(Some(finder))
    }

    /// 【选择】 (R31): fills the block of a draft with a provider; the address of the block.
    ///
    /// # Errors
    /// `NotFound` for what is not the actor's and for what the directory does not offer; `Refused` when
    /// the draft was saved elsewhere since.
    pub async fn choose_provider(
        &self,
        actor: &Actor,
        draft: &str,
        version: i64,
        section: &str,
        chosen: &str,
    ) -> Result<String> {
        let on = self.db.read();
        let row = self.owned_draft(on, actor, draft, false).await?;
        let (procedure, form) = procedure_with_form(&row.procedure)?;
        let (section, directory) = filled_by(form, section).ok_or(Error::NotFound)?;
        let at = |key: &str| format!("{}.{key}", section.key);
        let step = form.step_of(&at("name")).ok_or(Error::NotFound)?;
        let found = provider::Entity::find_by_id(plausible_id(chosen)?)
            .filter(provider::Column::Directory.eq(directory.code()))
            .filter(provider::Column::Source.is_in(offered()))
            .one(on)
            .await?
            .ok_or(Error::NotFound)?;
        let mut answers = self.draft_answers(&row)?;
        answers.retain(|at| is_on(step, at));
        for key in ["region", "country", "phone"] {
            answers.remove(&at(key));
        }
        let (jurisdiction, key, place) = match found.country.is_empty() {
            true => ("mainland", "region", &found.region),
            false => ("abroad", "country", &found.country),
        };
        answers.set_text(at("jurisdiction"), jurisdiction);
        answers.set_text(at(key), place.clone());
        answers.set_text(at("name"), found.name.clone());
        if !found.phone.is_empty() && form.place(&at("phone")).is_some() {
            answers.set_text(at("phone"), found.phone.clone());
        }
        let save = SaveDraft {
            procedure: row.procedure.clone(),
            step: step.key.to_owned(),
            draft: Some(row.id.clone()),
            record: row.record_id.clone(),
            subject: row.subject_id.clone(),
            version: Some(version),
            overwrite: false,
            declined: None,
            answers,
        };
        match self.save_draft(actor, &save).await? {
            Saved::Ok(_) => Ok(form_href(procedure, step.key, &row.id)),
            Saved::Conflict { .. } => Err(Error::refused("此草稿已在另一个窗口更新，请重新查询后再选择")),
            Saved::Faults(faults) => Err(Error::Faults(faults)),
        }
    }

    /// Fills the directories with what the software brings, once in the life of a database.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn fill_directories(&self) -> Result<()> {
        again!(self.try_fill_directories())
    }

    async fn try_fill_directories(&self) -> Result<()> {
        let tx = self.db.begin().await?;
        if next_serial(&tx, "provider/seed").await? > 1 {
            return Ok(tx.rollback().await?);
        }
        let now = self.clock.now();
        let mut rows = Vec::new();
        for (name, place, phone, aliases, access, registrar) in SEED {
            let Some((region, country)) = Place::of(place).map(Place::columns) else { continue };
            let directories = [(Directory::Access, *access), (Directory::Registrar, *registrar)];
            for (directory, _) in directories.into_iter().filter(|(_, is_in)| *is_in) {
                rows.push(provider::ActiveModel {
                    id: Set(new_id(now)),
                    directory: Set(directory.code().to_owned()),
                    name: Set((*name).to_owned()),
                    aliases: Set((*aliases).to_owned()),
                    name_key: Set(comparison_key(name)),
                    aliases_key: Set(aliases_key(aliases)),
                    region: Set(region.clone()),
                    country: Set(country.clone()),
                    phone: Set((*phone).to_owned()),
                    source: Set(ProviderSource::Seed.code().to_owned()),
                    record_id: Set(None),
                    created_at: Set(millis(now)),
                });
            }
        }
        let detail = json!({ "rows": rows.len() });
        provider::Entity::insert_many(rows).exec_with_returning(&tx).await?;
        self.write(&tx, None, "provider.seed", "provider", "", detail).await?;
        Ok(tx.commit().await?)
    }

    /// The rows of one source, for whoever keeps the directories.
    pub async fn directory(&self, actor: &Actor, request: &DirectoryRequest) -> Result<Paged<ProviderRow>> {
        actor.must_keep()?;
        let source = ProviderSource::from_code(&request.source).unwrap_or(ProviderSource::Typed);
        let rows = provider::Entity::find()
            .filter(provider::Column::Source.eq(source.code()))
            .filter(named(&request.name));
        paged(self.db.read(), rows, &request.after).await
    }

    /// Takes an entry in: a new one, a correction, or what an applicant typed.
    ///
    /// # Errors
    /// `Faults` for what cannot stand in a directory; `Refused` for a name that stands there already.
    pub async fn keep_provider(&self, actor: &Actor, entry: &ProviderEntry<'_>) -> Result<()> {
        actor.must_keep()?;
        let entry_id = entry.id.map(plausible_id).transpose()?;
        let checked = checked(entry)?;
        again!(self.try_keep_provider(actor, entry_id, &checked))
    }

    async fn try_keep_provider(&self, actor: &Actor, id: Option<&str>, entry: &Entry) -> Result<()> {
        let tx = self.db.begin().await?;
        next_serial(&tx, LOCK).await?;
        let now = self.clock.now();
        let before = match id {
            Some(id) => Some(kept_by_hand(&tx, id).await?),
            None => None,
        };
        let own = before.as_ref().map(|row| row.id.clone()).unwrap_or_default();
        let twins = provider::Entity::find()
            .filter(provider::Column::Directory.eq(entry.directory.code()))
            .filter(provider::Column::NameKey.eq(comparison_key(&entry.name)))
            .filter(provider::Column::Source.ne(ProviderSource::Dropped.code()))
            .filter(provider::Column::Id.ne(&own))
            .count(&tx)
            .await?;
        if twins > 0 {
            return Err(Error::refused(format!("名录中已有“{}”，请改用“并入”", entry.name)));
        }
        let (region, country) = entry.place.clone().columns();
        let row = provider::ActiveModel {
            id: Set(before.as_ref().map_or_else(|| new_id(now), |row| row.id.clone())),
            directory: Set(entry.directory.code().to_owned()),
            name: Set(entry.name.clone()),
            aliases: Set(entry.aliases.clone()),
            name_key: Set(comparison_key(&entry.name)),
            aliases_key: Set(aliases_key(&entry.aliases)),
            region: Set(region),
            country: Set(country),
            phone: Set(entry.phone.clone()),
            source: Set(ProviderSource::Kept.code().to_owned()),
            record_id: Set(None),
            created_at: Set(before.as_ref().map_or_else(|| millis(now), |row| row.created_at)),
        };
        let row = match before {
            Some(_) => row.update(&tx).await?,
            None => row.insert(&tx).await?,
        };
        let detail = json!({ "directory": row.directory, "name": row.name });
        self.write(&tx, Some(actor), "provider.keep", "provider", &row.id, detail).await?;
        Ok(tx.commit().await?)
    }

    /// Joins an entry with another of the same directory, which is found under both names from now on.
    ///
    /// # Errors
    /// `Refused` where the directory has no entry of that name.
    pub async fn merge_provider(&self, actor: &Actor, id: &str, into: &str) -> Result<()> {
        actor.must_keep()?;
        let id = plausible_id(id)?;
        again!(self.try_merge_provider(actor, id, into.trim()))
    }

    async fn try_merge_provider(&self, actor: &Actor, id: &str, into: &str) -> Result<()> {
        let tx = self.db.begin().await?;
        next_serial(&tx, LOCK).await?;
        let row = kept_by_hand(&tx, id).await?;
        let target = provider::Entity::find()
            .filter(provider::Column::Directory.eq(&row.directory))
            .filter(provider::Column::NameKey.eq(comparison_key(into)))
            .filter(provider::Column::Source.is_in(offered()))
            .filter(provider::Column::Id.ne(&row.id))
            .one(&tx)
            .await?
            .ok_or_else(|| Error::refused("名录中没有这个名称的服务商，请填写完整名称"))?;
        let mut aliases: Vec<&str> = target.aliases.split_whitespace().collect();
        for alias in std::iter::once(row.name.as_str()).chain(row.aliases.split_whitespace()) {
            if !aliases.contains(&alias) {
                aliases.push(alias);
            }
        }
        let aliases = aliases.join(" ");
        let merged = provider::ActiveModel {
            id: Set(target.id.clone()),
            aliases_key: Set(aliases_key(&aliases)),
            aliases: Set(aliases),
            ..Default::default()
        };
        merged.update(&tx).await?;
        // It stays as a decision, so that the next filing with this name does not ask again.
        mark_dropped(&tx, &row).await?;
        let detail = json!({ "name": row.name, "into": target.name });
        self.write(&tx, Some(actor), "provider.merge", "provider", &target.id, detail).await?;
        Ok(tx.commit().await?)
    }

    /// Decides against an entry: it is not offered, nor asked about again.
    pub async fn drop_provider(&self, actor: &Actor, id: &str) -> Result<()> {
        actor.must_keep()?;
        let id = plausible_id(id)?;
        again!(self.try_drop_provider(actor, id))
    }

    async fn try_drop_provider(&self, actor: &Actor, id: &str) -> Result<()> {
        let tx = self.db.begin().await?;
        next_serial(&tx, LOCK).await?;
        let row = kept_by_hand(&tx, id).await?;
        mark_dropped(&tx, &row).await?;
        let detail = json!({ "directory": row.directory, "name": row.name });
        self.write(&tx, Some(actor), "provider.drop", "provider", &row.id, detail).await?;
        Ok(tx.commit().await?)
    }
}

/// Whoever changes the directories takes this counter's row first.
const LOCK: &str = "provider";

/// A row that administrators may change; what an approved filing says changes with the filing.
async fn kept_by_hand(on: &Transaction, id: &str) -> Result<provider::Model> {
    let row = provider::Entity::find_by_id(id).one(on).await?.ok_or(Error::NotFound)?;
    match row.record_id {
        None => Ok(row),
        Some(_) => Err(Error::refused("此服务商来自备案，随其备案信息变更，不能在此修改")),
    }
}

async fn mark_dropped(on: &Transaction, row: &provider::Model) -> Result<()> {
    let dropped = provider::ActiveModel {
        id: Set(row.id.clone()),
        source: Set(ProviderSource::Dropped.code().to_owned()),
        ..Default::default()
    };
    dropped.update(on).await?;
    Ok(())
}
