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
