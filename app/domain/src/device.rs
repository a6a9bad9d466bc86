//! What a browser says of itself, as a person reads it: which browser, on what.

/// `Chrome 131 · Windows`. What is not known is called another one.
pub fn device_name(said: &str) -> String {
    let browser = BROWSERS.iter().find_map(|(mark, name)| {
        let (_, rest) = said.split_once(mark)?;
        let version: String = rest.chars().take_while(char::is_ascii_digit).collect();
        Some(if version.is_empty() { (*name).to_owned() } else { format!("{name} {version}") })
    });
    let system = SYSTEMS.iter().find(|(mark, _)| said.contains(mark)).map(|(_, name)| *name);
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser} · {system}"),
        (Some(browser), None) => browser,
        (None, Some(system)) => format!("浏览器 · {system}"),
        (None, None) if said.trim().is_empty() => "未知设备".to_owned(),
        // What programs say of themselves is nothing to read.
        (None, None) if said.contains(['/', '(', ';']) => "其他浏览器或程序".to_owned(),
        (None, None) => said.chars().take(40).collect(),
    }
}

/// The particular ones first: nearly all also call themselves Chrome and Safari.
const BROWSERS: [(&str, &str); 13] = [
    ("MicroMessenger/", "微信"),
    ("AliApp(AP/", "支付宝"),
    ("HuaweiBrowser/", "华为浏览器"),
    ("QQBrowser/", "QQ浏览器"),
    ("UCBrowser/", "UC浏览器"),
    ("MiuiBrowser/", "小米浏览器"),
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("HeadlessChrome/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("CriOS/", "Chrome"),
    ("Version/", "Safari"),
];

const SYSTEMS: [(&str, &str); 8] = [
    ("OpenHarmony", "鸿蒙"),
    ("HarmonyOS", "鸿蒙"),
    ("Android", "安卓"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Macintosh", "macOS"),
    ("Linux", "Linux"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_named_with_its_system() {
        for (said, expected) in [
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
                "Chrome 131 · Windows",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0",
                "Edge 131 · Windows",
            ),
            ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox 128 · Linux"),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
                "Safari 17 · iPhone",
            ),
            (
                "Mozilla/5.0 (Linux; Android 13; V2203A) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/116.0 Mobile Safari/537.36 MicroMessenger/8.0.49",
                "微信 8 · 安卓",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.1 Safari/605.1.15",
                "Safari 17 · macOS",
            ),
            ("Mozilla/5.0 (Unheard of)", "其他浏览器或程序"),
            ("curl/8.5.0", "其他浏览器或程序"),
            ("测试浏览器", "测试浏览器"),
            ("Something (Windows)", "浏览器 · Windows"),
            ("", "未知设备"),
            ("  ", "未知设备"),
        ] {
            assert_eq!(device_name(said), expected, "{said}");
        }
        assert_eq!(device_name(&"字".repeat(99)).chars().count(), 40);
    }
}
