//! What programs may ask and are answered, as OpenAPI. In Chinese, for those who will read it.

use domain::business::Business;
use domain::route;
use utoipa::openapi::path::{HttpMethod, OperationBuilder, ParameterBuilder, ParameterIn, PathItemBuilder};
use utoipa::openapi::schema::{ArrayBuilder, KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::server::ServerBuilder;
use utoipa::openapi::{
    ComponentsBuilder, ContentBuilder, HeaderBuilder, InfoBuilder, OpenApiBuilder, PathItem, PathsBuilder,
    Ref, RefOr, Required, Response, ResponseBuilder, Schema,
};

pub const IN_FORCE: &str = "in_force";
pub const CANCELLED: &str = "cancelled";

const RECORD: &str = "Record";
const RECORDS: &str = "Records";
const PROBLEM: &str = "Problem";

/// The document, for a platform that people reach at `origin`.
pub fn document(origin: &str) -> Vec<u8> {
    let info = InfoBuilder::new()
        .title("联网备案公开查询接口")
        .version("1")
        .description(Some(
            "按备案号或域名查询联网备案信息，内容与公开查询页面相同。不需要登录，不使用 Cookie，任何来源的网页都可以调用。\
             回答可以缓存五分钟，并带有 ETag；查询次数按来源地址限制，超出时返回 429 和 Retry-After。\
             以后只增加字段，不改变已有字段的含义；含义改变时使用新的地址。",
        ))
        .build();
    let paths = PathsBuilder::new()
        .path(format!("{}/{{number}}", route::OPEN_RECORDS), by_number())
        .path(route::OPEN_RECORDS, by_domain())
        .build();
    let components = ComponentsBuilder::new()
        .schema(RECORD, record())
        .schema(RECORDS, records())
        .schema(PROBLEM, problem())
        .build();
    let document = OpenApiBuilder::new()
        .info(info)
        .servers(Some([ServerBuilder::new().url(origin).build()]))
        .paths(paths)
        .components(Some(components))
        .build();
    document.to_pretty_json().unwrap_or_default().into_bytes()
}

fn by_number() -> PathItem {
    let number = ParameterBuilder::new()
        .name("number")
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .description(Some("备案号全文（需百分号编码），或其中的 14 位数字"))
        .example(Some("11010102000001".into()))
        .schema(Some(text("备案号")))
        .build();
    let operation = OperationBuilder::new()
        .operation_id(Some("recordByNumber"))
        .summary(Some("按备案号查询"))
        .parameter(number)
        .response("200", found("备案号有效，或曾经有效而已注销", RECORD))
        .response("304", unchanged())
        .response("400", refused("不是备案号"))
        .response("404", refused("没有这个备案号：填写有误，或从未签发"))
        .response("429", too_often())
        .response("500", refused("暂时无法查询"));
    PathItemBuilder::new().operation(HttpMethod::Get, operation).build()
}

fn by_domain() -> PathItem {
    let domain = ParameterBuilder::new()
        .name("domain")
        .parameter_in(ParameterIn::Query)
        .required(Required::True)
        .description(Some("完整的域名或网址；子域名按其注册的上级域名查询"))
        .example(Some("example.cn".into()))
        .schema(Some(text("域名")))
        .build();
    let operation = OperationBuilder::new()
        .operation_id(Some("recordsByDomain"))
        .summary(Some("按域名查询"))
        .parameter(domain)
        .response("200", found("该域名的备案，最多 20 条；没有时为空列表", RECORDS))
        .response("304", unchanged())
        .response("400", refused("不是域名"))
        .response("429", too_often())
        .response("500", refused("暂时无法查询"));
    PathItemBuilder::new().operation(HttpMethod::Get, operation).build()
}

fn found(what: &str, schema: &str) -> Response {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(schema))).build();
    let tag = HeaderBuilder::new()
        .schema(text("内容的标识"))
        .description(Some("再次查询时放在 If-None-Match 中"))
        .build();
    ResponseBuilder::new().description(what).content("application/json", content).header("ETag", tag).build()
}

fn unchanged() -> Response {
    ResponseBuilder::new().description("内容与 If-None-Match 所示相同").build()
}

fn refused(what: &str) -> Response {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(PROBLEM))).build();
    ResponseBuilder::new().description(what).content("application/problem+json", content).build()
}

fn too_often() -> Response {
    let mut response = refused("查询过于频繁");
    let wait = HeaderBuilder::new().schema(number("秒数")).description(Some("多少秒后再试")).build();
    response.headers.insert("Retry-After".to_owned(), wait);
    response
}

fn of_type(kind: Type, description: &str) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(kind).description(Some(description))
}

fn text(description: &str) -> RefOr<Schema> {
    of_type(Type::String, description).into()
}

fn number(description: &str) -> RefOr<Schema> {
    of_type(Type::Integer, description).into()
}

fn date(description: &str) -> RefOr<Schema> {
    of_type(Type::String, description).format(Some(SchemaFormat::KnownFormat(KnownFormat::Date))).into()
}

fn one_of<'a>(words: impl IntoIterator<Item = &'a str>, description: &str) -> RefOr<Schema> {
    let words: Vec<&str> = words.into_iter().collect();
    of_type(Type::String, description).enum_values(Some(words)).into()
}

fn record() -> RefOr<Schema> {
    let kinds = Business::ALL.into_iter().filter(|business| business.definition().number_kind.is_some());
    let fields = [
        ("number", true, text("备案号全文")),
        ("digits", true, text("备案号中的数字")),
        ("state", true, one_of([IN_FORCE, CANCELLED], "状态：in_force 有效，cancelled 已注销")),
        ("kind", true, one_of(kinds.map(Business::code), "业务种类的代码")),
        ("kind_name", true, text("业务种类，如网站、APP")),
        ("name", true, text("网站或应用的名称")),
        ("main_domain", false, text("主域名")),
        ("other_domains", true, ArrayBuilder::new().items(text("域名")).description(Some("其他域名")).into()),
        ("category", false, text("网站类别：交互式或非交互式")),
        ("owner_kind", true, text("开办主体：单位的性质，或个人")),
        ("owner_name", false, text("开办单位的名称；个人不公开")),
        ("authority", true, text("备案地公安机关")),
        ("registered_on", true, date("联网备案时间")),
        ("cancelled_on", false, date("注销时间；只在已注销时有")),
        ("page", true, text("公示页面的地址")),
    ];
    let all = fields.into_iter().fold(ObjectBuilder::new(), |all, (name, is_required, schema)| {
        let all = all.property(name, schema);
        if is_required { all.required(name) } else { all }
    });
    all.description(Some("一条备案")).into()
}

fn records() -> RefOr<Schema> {
    let all = ArrayBuilder::new().items(Ref::from_schema_name(RECORD)).description(Some("备案，新的在前"));
    ObjectBuilder::new().property("records", all).required("records").description(Some("查到的备案")).into()
}

fn problem() -> RefOr<Schema> {
    let fields = [
        ("type", text("总是 about:blank")),
        ("title", text("HTTP 状态的名称")),
        ("status", number("HTTP 状态码")),
        ("detail", text("说明")),
    ];
    let all = fields
        .into_iter()
        .fold(ObjectBuilder::new(), |all, (name, schema)| all.property(name, schema).required(name));
    all.description(Some("没有查到或不能查询的原因（RFC 9457）")).into()
}
