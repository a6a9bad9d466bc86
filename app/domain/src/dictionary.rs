//! The lists of options. A code stays for ever, because filings refer to it; what is no longer
//! offered is `retired`. Sources: the manual, the police form of 2016–2018, the industry
//! ministry's published lists.

use crate::schema::{Choice, choice, retired};

/// 开办主体性质
pub static SUBJECT_NATURE: &[Choice] = &[choice("unit", "单位"), choice("person", "个人")];

/// 单位性质
pub static UNIT_KIND: &[Choice] = &[
    choice("enterprise", "企业"),
    choice("sole_trader", "个体经营"),
    choice("public_institution", "事业单位"),
    choice("military", "军队"),
    choice("government", "政府机关"),
    choice("social_org", "社会团体"),
    choice("private_nonprofit", "民办非企业"),
    choice("foundation", "基金会"),
    choice("law_firm", "律师事务所"),
    choice("university", "高等院校"),
    choice("other", "其他"),
];

/// 主办单位证件类型
pub static UNIT_CERTIFICATE: &[Choice] = &[
    choice("uscc_cert", "统一社会信用代码证书"),
    choice("business_license", "营业执照"),
    choice("org_code_cert", "组织机构代码证"),
    choice("institution_legal_cert", "事业单位法人证书"),
    choice("social_org_legal_cert", "社会团体法人登记证书"),
    choice("private_nonprofit_cert", "民办非企业单位登记证书"),
    choice("social_service_cert", "社会服务机构登记证书"),
    choice("private_school_license", "民办学校办学许可证"),
    choice("foundation_legal_cert", "基金会法人登记证书"),
    choice("law_firm_license", "律师事务所执业许可证"),
    choice("military_unit_code", "部队代号"),
    choice("military_service_license", "军队单位对外有偿服务许可证"),
    choice("foreign_rep_office_cert", "外国企业常驻代表机构登记证"),
    choice("medical_license", "医疗机构执业许可证"),
    choice("religious_site_cert", "宗教活动场所登记证"),
    choice("other", "其他"),
];

/// 证件类型 of persons
pub static PERSON_ID: &[Choice] = &[
    choice("resident_id", "居民身份证"),
    choice("passport", "护照"),
    choice("hk_mo_permit", "港澳居民来往内地通行证"),
    choice("tw_permit", "台湾居民来往大陆通行证"),
    choice("foreign_pr", "外国人永久居留身份证"),
    choice("hk_mo_residence", "港澳居民居住证"),
    choice("tw_residence", "台湾居民居住证"),
    choice("military_officer", "军官证"),
    choice("temp_resident_id", "临时居民身份证"),
    choice("other", "其他证件"),
];

/// 地区管辖
pub static JURISDICTION: &[Choice] = &[choice("mainland", "境内"), choice("abroad", "境外")];

/// Countries and regions for providers abroad; 其他 is typed into the name.
pub static COUNTRY: &[Choice] = &[
    choice("US", "美国"),
    choice("CA", "加拿大"),
    choice("GB", "英国"),
    choice("DE", "德国"),
    choice("FR", "法国"),
    choice("NL", "荷兰"),
    choice("IE", "爱尔兰"),
    choice("CH", "瑞士"),
    choice("SE", "瑞典"),
    choice("JP", "日本"),
    choice("KR", "韩国"),
    choice("SG", "新加坡"),
    choice("MY", "马来西亚"),
    choice("TH", "泰国"),
    choice("IN", "印度"),
    choice("AU", "澳大利亚"),
    choice("RU", "俄罗斯"),
    choice("HK", "中国香港"),
    choice("MO", "中国澳门"),
    choice("TW", "中国台湾"),
    choice("other", "其他国家和地区"),
];

/// 网站接入方式
pub static ACCESS_MODE: &[Choice] = &[
    choice("virtual_space", "租赁虚拟空间"),
    choice("cloud", "云接入"),
    choice("leased_line", "专线接入"),
    choice("colocation", "主机托管"),
    choice("virtual_host", "虚拟主机"),
    choice("whole_server", "整机租用"),
    choice("self_built", "自建机房"),
    choice("other", "其他"),
];

/// 网站类型, the lettered list of the live form
pub static SERVICE_CLASS: &[Choice] = &[
    choice("A", "A 网络基础类"),
    choice("B", "B 网络销售类"),
    choice("C", "C 生活服务类"),
    choice("D", "D 社交娱乐类"),
    choice("E", "E 信息资讯类"),
    choice("F", "F 金融服务类"),
    choice("G", "G 计算应用类"),
    choice("Z", "Z 其他"),
];

/// What a website is mainly about, in words people use; each leads to a class of [`SERVICE_CLASS`].
pub static GUIDE_CONTENT: &[Choice] = &[
    choice("own", "单位或个人介绍、博客"),
    choice("news", "新闻、资讯、搜索"),
    choice("shop", "商品销售、团购"),
    choice("life", "出行、旅游、家政、房产、教育、医疗等服务"),
    choice("social", "聊天、游戏、直播、视频、文学"),
    choice("money", "支付、理财、证券等金融服务"),
    choice("tool", "软件、在线工具、技术平台"),
    choice("net", "网络接入、机房、云计算、域名服务"),
    choice("other", "以上都不是"),
];

/// The class that an answer to [`GUIDE_CONTENT`] leads to.
pub fn guide_class(content: &str) -> Option<&'static str> {
    Some(match content {
        "own" | "other" => "Z",
        "news" => "E",
        "shop" => "B",
        "life" => "C",
        "social" => "D",
        "money" => "F",
        "tool" => "G",
        "net" => "A",
        _ => return None,
    })
}

/// 服务类型, the form of 2016–2018
pub static SERVICE_TYPE: &[Choice] = &[
    choice("00", "www服务"),
    choice("01", "wap服务"),
    choice("02", "博客个人空间"),
    choice("03", "论坛BBS"),
    choice("04", "聊天室"),
    choice("05", "社交网站"),
    choice("06", "电子邮件"),
    choice("07", "即时通讯"),
    choice("08", "搜索引擎"),
    choice("09", "网络新闻"),
    choice("10", "网络音乐"),
    choice("11", "网络文字（文学）"),
    choice("12", "网络音视频"),
    choice("13", "网络游戏"),
    choice("14", "网络下载"),
    choice("15", "app服务"),
    choice("16", "云计算"),
    choice("17", "供求信息发布"),
    choice("18", "旅游预订"),
    choice("19", "移动应用商店"),
    choice("20", "第三方支付"),
    choice("21", "网上银行"),
    choice("22", "财经服务"),
    choice("23", "网络购物"),
    choice("24", "云存储"),
    choice("25", "FTP下载"),
    retired("26", "P2P金融"),
];

/// 交互服务种类
pub static INTERACTIVE_KIND: &[Choice] = &[
    choice("bbs", "论坛/社区/贴吧"),
    choice("blog", "博客/个人空间"),
    choice("microblog", "微博客"),
    choice("comment", "跟帖评论/留言"),
    choice("chat_room", "聊天室"),
    choice("im", "即时通信"),
    choice("sns", "社交网站/群组"),
    choice("official_account", "公众账号/信息发布"),
    choice("qa", "问答"),
    choice("live", "网络直播"),
    choice("short_video", "短视频/音视频分享"),
    choice("share_storage", "分享存储/网盘"),
    choice("third_pay", "第三方支付"),
    choice("app_store", "移动应用商店"),
    choice("shopping", "网络购物（含评价）"),
    choice("game", "网络游戏（含聊天）"),
    choice("supply_demand", "供求信息发布"),
    choice("other", "其他"),
];

/// 用户规模
pub static USER_BAND: &[Choice] = &[
    choice("none", "无"),
    choice("lt1k", "1千以下"),
    choice("lt10k", "1千–1万"),
    choice("lt100k", "1万–10万"),
    choice("lt1m", "10万–100万"),
    choice("lt10m", "100万–1000万"),
    choice("ge10m", "1000万以上"),
];

/// 用户真实身份核验方式
pub static REAL_NAME_METHOD: &[Choice] = &[
    choice("sms", "手机号短信"),
    choice("id_card", "身份证"),
    choice("ctid", "国家网络身份认证"),
    choice("third_account", "第三方账号"),
    choice("none", "未核验"),
];

/// 发布前审核方式
pub static MODERATION: &[Choice] =
    &[choice("before", "先审后发"), choice("after", "先发后审"), choice("mixed", "机器+人工")];

/// 涉及管制物品信息发布
pub static CONTROLLED_GOODS: &[Choice] = &[
    choice("01", "管制器具"),
    choice("02", "警用装备"),
    choice("03", "放射性物品"),
    choice("04", "枪支弹药"),
    choice("05", "民爆物品"),
    choice("06", "剧毒化学物"),
    choice("07", "易制爆危险化学品"),
];

/// 前置许可
pub static PRIOR_PERMIT: &[Choice] = &[
    choice("news", "新闻"),
    choice("publishing", "出版"),
    choice("education", "教育"),
    choice("medical", "医疗保健"),
    choice("drugs", "药品和医疗器械"),
    choice("bulletin", "电子公告服务"),
    choice("culture", "文化"),
    choice("broadcast", "广播电影电视节目"),
    choice("ride_hailing", "网络预约车"),
    choice("finance", "互联网金融"),
    choice("tutoring", "校外培训（高中及以下阶段）"),
    choice("religion", "宗教"),
    retired("sports", "运动保健"),
    choice("other", "其他"),
];

/// 网站语种
pub static LANGUAGE: &[Choice] = &[
    choice("zh-Hans", "中文简体"),
    choice("zh-Hant", "中文繁体"),
    choice("en", "英语"),
    choice("fr", "法语"),
    choice("ru", "俄语"),
    choice("es", "西班牙语"),
    choice("ug", "维吾尔语"),
    choice("kk", "哈萨克语"),
    choice("mn", "蒙古语"),
    choice("bo", "藏语"),
    choice("ar", "阿拉伯语"),
    choice("ko", "朝鲜语"),
    choice("ja", "日语"),
    choice("de", "德语"),
    choice("ky", "柯尔克孜语"),
    choice("za", "壮语"),
    choice("ii", "彝文"),
    choice("hmn", "苗语"),
    choice("other", "其他"),
];

/// 注销原因, offered as a start
pub static CANCEL_REASON: &[Choice] = &[
    choice("stopped", "网站停止运营"),
    choice("sold", "业务转让"),
    choice("domain_lost", "域名已不再持有"),
    choice("subject_closed", "主体已注销"),
    choice("mistake", "信息填报错误"),
    choice("other", "其他"),
];

/// 运营情况
pub static OPERATION_STATE: &[Choice] = &[
    choice("not_yet", "未上线"),
    choice("testing", "测试中"),
    choice("online", "已上线"),
    choice("paused", "暂停运营"),
];

/// 运行平台
pub static APP_SYSTEM: &[Choice] = &[
    choice("android", "安卓"),
    choice("ios", "iOS"),
    choice("harmony", "鸿蒙"),
    choice("windows", "Windows"),
    choice("macos", "macOS"),
    choice("linux", "Linux"),
    choice("other", "其他"),
];

/// SDK类型
pub static SDK_KIND: &[Choice] = &[
    choice("push", "推送"),
    choice("statistics", "统计"),
    choice("payment", "支付"),
    choice("map", "地图"),
    choice("login", "登录"),
    choice("advert", "广告"),
    choice("media", "音视频"),
    choice("security", "安全"),
    choice("other", "其他"),
];

/// 收集的个人信息种类
pub static PERSONAL_INFORMATION: &[Choice] = &[
    choice("identity", "姓名与身份证件"),
    choice("phone", "手机号码"),
    choice("account", "账号与密码"),
    choice("face", "人脸等生物识别"),
    choice("location", "位置"),
    choice("contacts", "通讯录"),
    choice("media", "照片与音视频"),
    choice("device", "设备标识"),
    choice("payment", "支付与财产"),
    choice("health", "健康与医疗"),
    choice("minor", "不满十四周岁未成年人的信息"),
    choice("other", "其他"),
];

/// 所属平台 of a mini program
pub static HOST_PLATFORM: &[Choice] = &[
    choice("wechat", "微信"),
    choice("alipay", "支付宝"),
    choice("douyin", "抖音"),
    choice("baidu", "百度"),
    choice("qq", "QQ"),
    choice("kuaishou", "快手"),
    choice("jd", "京东"),
    choice("meituan", "美团"),
    choice("xiaohongshu", "小红书"),
    choice("dingtalk", "钉钉"),
    choice("feishu", "飞书"),
    choice("wecom", "企业微信"),
    choice("unionpay", "云闪付"),
    choice("quick_huawei", "快应用（华为）"),
    choice("quick_xiaomi", "快应用（小米）"),
    choice("quick_oppo", "快应用（OPPO）"),
    choice("quick_vivo", "快应用（vivo）"),
    choice("quick_honor", "快应用（荣耀）"),
    choice("other", "其他"),
];

/// 服务商类型
pub static PROVIDER_KIND: &[Choice] = &[
    choice("isp", "网络接入服务商(ISP)"),
    choice("idc", "互联网数据中心(IDC)"),
    choice("cloud", "云服务"),
    choice("cdn", "内容分发(CDN)"),
    choice("registrar", "域名注册服务机构"),
    choice("registry", "域名注册管理机构"),
    choice("dns", "域名解析"),
    choice("hosting", "虚拟主机"),
    choice("messaging", "短信与语音"),
    choice("other", "其他"),
];

/// 许可证业务种类
pub static LICENCE_CLASS: &[Choice] = &[
    choice("B11", "B11 互联网数据中心"),
    choice("B12", "B12 内容分发网络"),
    choice("B13", "B13 国内互联网虚拟专用网"),
    choice("B14", "B14 互联网接入服务"),
    choice("B21", "B21 在线数据处理与交易处理"),
    choice("B22", "B22 国内多方通信"),
    choice("B23", "B23 存储转发"),
    choice("B24", "B24 呼叫中心"),
    choice("B25", "B25 信息服务"),
    choice("B26", "B26 编码和规程转换（含域名解析）"),
];

/// 许可证覆盖范围
pub static LICENCE_SCOPE: &[Choice] = &[choice("nation", "全国"), choice("provinces", "部分省份")];

/// Provinces by the first two digits of their code.
pub static PROVINCE: &[Choice] = &[
    choice("11", "北京"),
    choice("12", "天津"),
    choice("13", "河北"),
    choice("14", "山西"),
    choice("15", "内蒙古"),
    choice("21", "辽宁"),
    choice("22", "吉林"),
    choice("23", "黑龙江"),
    choice("31", "上海"),
    choice("32", "江苏"),
    choice("33", "浙江"),
    choice("34", "安徽"),
    choice("35", "福建"),
    choice("36", "江西"),
    choice("37", "山东"),
    choice("41", "河南"),
    choice("42", "湖北"),
    choice("43", "湖南"),
    choice("44", "广东"),
    choice("45", "广西"),
    choice("46", "海南"),
    choice("50", "重庆"),
    choice("51", "四川"),
    choice("52", "贵州"),
    choice("53", "云南"),
    choice("54", "西藏"),
    choice("61", "陕西"),
    choice("62", "甘肃"),
    choice("63", "青海"),
    choice("64", "宁夏"),
    choice("65", "新疆"),
];

/// 机房性质
pub static ROOM_NATURE: &[Choice] = &[choice("1", "租用"), choice("2", "自建"), choice("999", "其他")];

/// IP地址使用方式
pub static IP_USE: &[Choice] =
    &[choice("static", "静态"), choice("dynamic", "动态"), choice("reserved", "保留")];

/// 运营商
pub static CARRIER: &[Choice] = &[
    choice("telecom", "电信"),
    choice("unicom", "联通"),
    choice("mobile", "移动"),
    choice("tietong", "铁通"),
    choice("other", "其他"),
];

/// 市场形态
pub static MARKET_FORM: &[Choice] = &[
    choice("preinstalled", "手机预置商店"),
    choice("app_store", "独立APP商店"),
    choice("website", "网站"),
    choice("mini", "小程序平台"),
    choice("quick", "快应用中心"),
    choice("pc", "PC软件商店"),
    choice("extension", "浏览器插件平台"),
    choice("other", "其他"),
];

/// 上架应用类别
pub static MARKET_CATEGORY: &[Choice] = &[
    choice("A", "网络基础类"),
    choice("B", "网络销售类"),
    choice("C", "生活服务类"),
    choice("D", "社交娱乐类"),
    choice("E", "信息资讯类"),
    choice("F", "金融服务类"),
    choice("G", "计算应用类"),
    choice("game", "游戏"),
    choice("tool", "工具"),
    choice("system", "系统"),
    choice("education", "教育"),
    choice("children", "儿童"),
    choice("Z", "其他"),
];

/// 开发者实名核验方式
pub static DEVELOPER_CHECK: &[Choice] = &[
    choice("licence", "营业执照"),
    choice("id_card", "身份证"),
    choice("payment", "对公打款"),
    choice("face", "人脸"),
    choice("other", "其他"),
];

/// 上架审核机制
pub static VETTING: &[Choice] =
    &[choice("mixed", "机器+人工"), choice("people", "人工"), choice("machine", "机器")];

/// 服务类型 of an assessment
pub static ASSESSED_KIND: &[Choice] =
    &[choice("website", "网站"), choice("app", "APP"), choice("mini", "小程序"), choice("other", "其他")];

/// 开展评估情况, the occasions of article 3
pub static OCCASION: &[Choice] = &[
    choice("launch", "具有舆论属性或社会动员能力的信息服务上线，或者增设相关功能"),
    choice("new_tech", "使用新技术新应用，使功能属性、技术实现方式、基础资源配置等发生重大变更"),
    choice("growth", "用户规模显著增加，导致舆论属性或者社会动员能力发生重大变化"),
    choice("incident", "发生违法有害信息传播扩散，表明已有安全措施难以有效防控网络安全风险"),
    choice("notified", "地市级以上网信部门或者公安机关书面通知需要进行安全评估"),
];

/// 评估方法
pub static ASSESSMENT_METHOD: &[Choice] = &[choice("self", "自评估"), choice("third", "第三方评估")];

/// 评估结论
pub static CONCLUSION: &[Choice] =
    &[choice("met", "符合"), choice("mended", "不符合-已整改"), choice("mending", "不符合-整改中")];
