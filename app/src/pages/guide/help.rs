//! How to answer the questions that are answered wrong most. The forms show each beside its question, see
//! `frontend/js/forms.js`.

use domain::help::topics;
use leptos::prelude::*;

/// What is said of a question.
struct Help {
    topic: &'static str,
    title: &'static str,
    /// File under `/help/`, and what is to be seen there; both empty where words do.
    picture: &'static str,
    shows: &'static str,
    how: &'static str,
    example: &'static str,
    /// What gets sent back.
    wrong: &'static str,
}

/// One for each of `domain::help::topics`.
const HELP: [Help; 14] = [
    Help {
        topic: "certificate",
        title: "主办单位有效证件",
        picture: "certificate.svg",
        shows: "营业执照四角完整地放在画面中，统一社会信用代码清晰可辨",
        how: "拍摄或扫描证件原件，四角完整，名称和证件号清晰可辨。",
        example: "营业执照正本或副本的照片，与所填的名称、证件号一致。",
        wrong: "复印件、过期证件、只拍了一部分、名称与所填不一致。",
    },
    Help {
        topic: "id-portrait",
        title: "身份证人像面",
        picture: "id-portrait.svg",
        shows: "身份证有照片的一面横放，四角完整",
        how: "有照片和证件号码的一面。原件平放，横向拍摄，一张照片只拍一面。",
        example: "四角完整，姓名、号码、照片都看得清。",
        wrong: "反光遮住号码、裁掉边角、复印件、翻拍屏幕、正反面拍在一起。",
    },
    Help {
        topic: "id-emblem",
        title: "身份证国徽面",
        picture: "id-emblem.svg",
        shows: "身份证有国徽的一面横放，有效期限清晰可辨",
        how: "有国徽和有效期限的一面。有效期剩余不足 3 个月的，请先换领新证。",
        example: "四角完整，有效期限看得清，与所填有效期一致。",
        wrong: "证件过期、有效期看不清、正反面传反。",
    },
    Help {
        topic: "id-handheld",
        title: "身份证手持",
        picture: "id-handheld.svg",
        shows: "负责人正面半身，一手持身份证人像面于胸前，不遮挡面部和号码",
        how: "负责人本人正面半身，手持身份证人像面于胸前，背景简洁。可请他人代拍。",
        example: "面部和证件号码都清晰，手指不遮挡号码。",
        wrong: "只有证件没有人、号码模糊或被手指遮住、镜像（字是反的）、经过美颜或拼接。",
    },
    Help {
        topic: "address",
        title: "详细地址",
        picture: "",
        shows: "",
        how: "写到门牌号；在楼里的写到楼号、层、室。省、市、区县已在上面选过，不必重复。",
        example: "东华门街道景山前街 4 号院 2 号楼 301 室",
        wrong: "只写到街道或园区；与证件上的住所不同又没有在备注中说明。",
    },
    Help {
        topic: "mobile",
        title: "手机号码",
        picture: "",
        shows: "",
        how: "填负责人本人在用、能接通的号码。民警会拨打核实，注销时的验证码也发到这里。",
        example: "186 开头等 11 位手机号，不加 +86 和空格也可以，系统会自动整理。",
        wrong: "停机或无人接听、填了他人的号码、与其他主体共用。",
    },
    Help {
        topic: "site-name",
        title: "网站名称",
        picture: "",
        shows: "",
        how: "与工信部 ICP 备案的“服务名称”逐字一致；没有 ICP 备案的，用网站首页上显示的名称。",
        example: "单位：晨光书店；个人：老王的木工笔记",
        wrong: "与 ICP 备案不一致；用“中国”“国家”等字样；个人网站用单位名称或行业许可词（新闻、医院、交易所等）。",
    },
    Help {
        topic: "icp-number",
        title: "工信部备案号",
        picture: "icp-number.svg",
        shows: "网站首页底部的备案号，末尾的“-1”是网站备案号的一部分",
        how: "填网站备案号，带“-1”这样的后缀；主体备案号没有后缀。可在网站首页底部或工信部备案系统查到。",
        example: "京ICP备12345678号-1",
        wrong: "填了不带后缀的主体备案号；首页底部没有悬挂 ICP 备案号。",
    },
    Help {
        topic: "home-urls",
        title: "网站访问地址",
        picture: "",
        shows: "",
        how: "在浏览器里能直接打开的首页网址，每行一个，须在所填域名之下。",
        example: "https://www.example.cn/",
        wrong: "网站打不开、内容为空或“建设中”、填了后台登录地址、填了不属于自己域名的网址。",
    },
    Help {
        topic: "ips",
        title: "网站IP",
        picture: "ips.svg",
        shows: "在命令行输入 nslookup 加域名，返回的地址就是当前解析到的 IP",
        how: "域名现在解析到的公网 IP，每行一个。不清楚时，在命令行输入 nslookup 域名，或询问接入商；使用 CDN 的先咨询接入商。",
        example: "1.2.4.8",
        wrong: "填了内网地址（192.168.…、10.…）、与域名解析不一致、服务器不在所填的接入商。",
    },
    Help {
        topic: "domain-cert",
        title: "域名证书",
        picture: "domain-cert.svg",
        shows: "左边是域名注册证书，写明域名、持有者和注册商；右边是浏览器锁形标志里的 SSL 证书，不是这一项要的",
        how: "在域名注册商（如阿里云、腾讯云）的域名控制台下载，写明域名、持有者、注册商和到期日。",
        example: "持有者是本单位或本人、未过期的域名注册证书图片。",
        wrong: "上传了 HTTPS/SSL 证书；持有者是别人；证书已过期。",
    },
    Help {
        topic: "registrar",
        title: "域名注册服务商名称",
        picture: "",
        shows: "",
        how: "照域名证书或 WHOIS 查询结果里的“注册商（Registrar）”填写公司全称，不是代理商，也不是服务器商。",
        example: "阿里云计算有限公司",
        wrong: "与 WHOIS 不一致；填了品牌名（“万网”）或网站建设公司的名称。",
    },
    Help {
        topic: "class",
        title: "网站类型",
        picture: "",
        shows: "",
        how: "按网站的主要内容选一项。只介绍本单位或本人、没有在线服务的，选“Z 其他”；不确定时用栏目下方的选择助手。",
        example: "企业官网、个人主页选 Z；以资讯为主选 E；在线工具选 G。",
        wrong: "按单位的行业选，而不是按网站的内容选。",
    },
    Help {
        topic: "interactive",
        title: "是否提供互联网交互服务",
        picture: "",
        shows: "",
        how: "访问者能注册、登录、评论、留言、发帖、上传、弹幕等，都选“是”，并提供信息网络安全保护方案。",
        example: "只有联系电话、地图和浏览内容的，选“否”。",
        wrong: "网站上有登录或评论框却选“否”。暂不需要的，请先关闭该功能再选“否”。",
    },
];

fn of(topic: &str) -> Option<&'static Help> {
    HELP.iter().find(|help| help.topic == topic)
}

/// 易被退回的栏目怎么填
#[component]
pub fn Topics() -> impl IntoView {
    let all = topics().into_iter().filter_map(of);
    view! {
        <section class="guide-part" aria-labelledby="help">
            <h2 id="help">"易被退回的栏目怎么填"</h2>
            <p class="soft">"填报时点击栏目名称旁的“?”，也会看到同样的说明。"</p>
            <div class="guide-businesses">{all.map(|help| view! { <Topic help/> }).collect_view()}</div>
        </section>
    }
    .into_any()
}

#[component]
fn Topic(help: &'static Help) -> impl IntoView {
    let Help { topic, title, picture, shows, how, example, wrong } = *help;
    let id = format!("help-{topic}");
    view! {
        <section class="card help-topic" id=id.clone() aria-labelledby=format!("{id}-title")>
            <h3 id=format!("{id}-title")>{title}</h3>
            {(!picture.is_empty()).then(|| view! {
                <img src=format!("/help/{picture}") alt=shows width="320" height="200" loading="lazy"/>
            })}
            <p>{how}</p>
            <dl>
                <div data-tone="ok"><dt>"示例"</dt><dd>{example}</dd></div>
                <div data-tone="danger"><dt>"易被退回"</dt><dd>{wrong}</dd></div>
            </dl>
        </section>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_topic_is_explained_and_has_the_picture_it_names() {
        let assets = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../style/assets/help");
        for topic in topics() {
            let help = of(topic);
            assert!(help.is_some(), "nothing is said of {topic}");
            let Some(help) = help else { continue };
            assert!([help.title, help.how, help.example, help.wrong].iter().all(|text| !text.is_empty()));
            assert!(help.picture.is_empty() || assets.join(help.picture).is_file(), "{topic}");
            assert_eq!(help.picture.is_empty(), help.shows.is_empty(), "{topic}");
        }
    }
}
