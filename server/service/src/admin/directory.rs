//! The two directories of providers (R31) as keepers see them: where their rows come from (the software, approved
//! 服务商, keepers), and what applicants typed by hand, which waits apart until a keeper takes it in, joins it with
//! another, or decides against it.

use domain::schema::{Directory, Fault, fault};
use domain::value::text::comparison_key;
use domain::value::{phone, text};
use domain::view::{DirectoryRequest, Paged, ProviderRow, ProviderSource};
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::json;

use crate::base::actor::Actor;
use crate::base::context::handle;
use crate::base::db::{Transaction, millis, new_id, next_serial, plausible_id};
use crate::base::entity::provider;
use crate::base::error::{Error, Result};
use crate::base::retry::retry;
use crate::filing::providers::{Place, aliases_key, named, offered, paged};

handle! {
    /// The directory of providers, for keepers.
    Directories {}
}

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

/// Whoever changes the directories takes this counter's row first.
const LOCK: &str = "provider";

impl Directories {
    /// Fills the directories with what the software brings, once in the life of a database.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn fill_directories(&self) -> Result<()> {
        retry!(self.try_fill_directories())
    }

    async fn try_fill_directories(&self) -> Result<()> {
        let tx = self.context.db.begin().await?;
        if next_serial(&tx, "provider/seed").await? > 1 {
            return Ok(tx.rollback().await?);
        }
        let now = self.context.clock.now();
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
        self.context.audit(&tx, None, "provider.seed", "provider", "", detail).await?;
        Ok(tx.commit().await?)
    }

    /// The rows of one source, for whoever keeps the directories.
    pub async fn directory(&self, actor: &Actor, request: &DirectoryRequest) -> Result<Paged<ProviderRow>> {
        actor.must_keep()?;
        let source = ProviderSource::from_code(&request.source).unwrap_or(ProviderSource::Typed);
        let rows = provider::Entity::find()
            .filter(provider::Column::Source.eq(source.code()))
            .filter(named(&request.name));
        paged(self.context.db.read(), rows, &request.after).await
    }

    /// Takes an entry in: a new one, a correction, or what an applicant typed.
    ///
    /// # Errors
    /// `Faults` for what cannot stand in a directory; `Refused` for a name that stands there already.
    pub async fn keep_provider(&self, actor: &Actor, entry: &ProviderEntry<'_>) -> Result<()> {
        actor.must_keep()?;
        let entry_id = entry.id.map(plausible_id).transpose()?;
        let checked = checked(entry)?;
        retry!(self.try_keep_provider(actor, entry_id, &checked))
    }

    async fn try_keep_provider(&self, actor: &Actor, id: Option<&str>, entry: &Entry) -> Result<()> {
        let tx = self.context.db.begin().await?;
        next_serial(&tx, LOCK).await?;
        let now = self.context.clock.now();
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
        self.context.audit(&tx, Some(actor), "provider.keep", "provider", &row.id, detail).await?;
        Ok(tx.commit().await?)
    }

    /// Joins an entry with another of the same directory, which is found under both names from now on.
    ///
    /// # Errors
    /// `Refused` where the directory has no entry of that name.
    pub async fn merge_provider(&self, actor: &Actor, id: &str, into: &str) -> Result<()> {
        actor.must_keep()?;
        let id = plausible_id(id)?;
        retry!(self.try_merge_provider(actor, id, into.trim()))
    }

    async fn try_merge_provider(&self, actor: &Actor, id: &str, into: &str) -> Result<()> {
        let tx = self.context.db.begin().await?;
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
        self.context.audit(&tx, Some(actor), "provider.merge", "provider", &target.id, detail).await?;
        Ok(tx.commit().await?)
    }

    /// Decides against an entry: it is not offered, nor asked about again.
    pub async fn drop_provider(&self, actor: &Actor, id: &str) -> Result<()> {
        actor.must_keep()?;
        let id = plausible_id(id)?;
        retry!(self.try_drop_provider(actor, id))
    }

    async fn try_drop_provider(&self, actor: &Actor, id: &str) -> Result<()> {
        let tx = self.context.db.begin().await?;
        next_serial(&tx, LOCK).await?;
        let row = kept_by_hand(&tx, id).await?;
        mark_dropped(&tx, &row).await?;
        let detail = json!({ "directory": row.directory, "name": row.name });
        self.context.audit(&tx, Some(actor), "provider.drop", "provider", &row.id, detail).await?;
        Ok(tx.commit().await?)
    }
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
