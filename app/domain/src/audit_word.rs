//! What the lines of the audit log tell, in the words of the page. The codes are stored and stay; a code without a
//! word is shown as it is.

/// What was done.
pub fn action_word(code: &str) -> Option<&'static str> {
    ACTIONS.iter().find(|(known, _)| *known == code).map(|(_, word)| *word)
}

/// What it was done to.
pub fn object_word(code: &str) -> Option<&'static str> {
    OBJECTS.iter().find(|(known, _)| *known == code).map(|(_, word)| *word)
}

/// What a part of a line's detail is.
pub fn detail_word(key: &str) -> Option<&'static str> {
    DETAILS.iter().find(|(known, _)| *known == key).map(|(_, word)| *word)
}

/// The code that is meant by what somebody typed into a search: a word, or the code itself.
pub fn action_code(typed: &str) -> &str {
    let typed = typed.trim();
    ACTIONS.iter().find(|(_, word)| *word == typed).map_or(typed, |(code, _)| *code)
}

/// Code and word, in the order of the list that the search offers.
pub const ACTIONS: [(&str, &str); 92] = [
    ("sign_in", "登录"),
    ("end_session", "退出会话"),
    ("end_sessions", "结束全部登录"),
    ("send_code", "发送验证码"),
    ("identity.hold", "暂存身份验证内容"),
    ("identity.wrong", "身份验证有误"),
    ("switch_subject", "切换当前主体"),
    ("set_elder", "切换长辈版"),
    ("choose_notices", "修改通知设置"),
    ("name_mail_address", "填写通知邮箱"),
    ("confirm_mail_address", "验证通知邮箱"),
    ("forget_mail_address", "删除通知邮箱"),
    ("draft.save", "保存草稿"),
    ("draft.hold", "暂存未通过校验的内容"),
    ("draft.delete", "删除草稿"),
    ("draft.restore", "撤销删除草稿"),
    ("draft.redraft", "转为草稿"),
    ("draft.submit", "提交草稿"),
    ("draft.warn", "提醒草稿到期"),
    ("draft.sweep", "清理到期草稿"),
    ("upload", "上传文件"),
    ("look_at_file", "查看文件"),
    ("look_at_thumbnails", "查看缩略图"),
    ("filing.remind", "提醒填报业务"),
    ("filing.submit", "提交申请"),
    ("misuse.handle", "处理举报线索"),
    ("misuse.report", "举报冒用"),
    ("patrol.find", "巡查发现需核查事项"),
    ("patrol.notify", "通知申请人核查事项"),
    ("patrol.look_again", "安排再次核查"),
    ("patrol.dismiss", "核查事项无需处理"),
    ("patrol.resolve", "核查事项已恢复正常"),
    ("patrol.overdue", "核查事项逾期未处理"),
    ("patrol.end", "核查事项随备案注销"),
    ("filing.withdraw", "撤销申请"),
    ("filing.settle", "业务失效后调整主体申请"),
    ("filing.claim", "领取申请单"),
    ("filing.release", "释放申请单"),
    ("filing.lapse", "自动释放申请单"),
    ("filing.take_over", "接管申请单"),
    ("filing.reassign", "重新分配申请单"),
    ("filing.look_at_claim", "查看在办申请单"),
    ("filing.transfer", "移送其他地区"),
    ("filing.undo", "撤回操作"),
    ("filing.unmask", "查看完整个人信息"),
    ("filing.approve", "审核通过"),
    ("filing.return", "退回"),
    ("filing.reject", "不予通过"),
    ("filing.export", "导出审核队列"),
    ("filing.ask", "询问申请人"),
    ("filing.answer", "回复询问"),
    ("filing.close_question", "关闭询问"),
    ("filing.check_relative", "核对关联申请"),
    ("filing.search_person", "查找个人的申请单"),
    ("second_look.take", "开始抽查复核"),
    ("second_look.give_back", "放回抽查复核"),
    ("second_look.judge", "提交抽查复核"),
    ("handover.offer", "发起移交主体"),
    ("handover.revoke", "撤回移交"),
    ("handover.give", "移出主体"),
    ("handover.receive", "接收主体"),
    ("handover.refuse", "拒收主体"),
    ("handover.lapse", "移交过期失效"),
    ("batch.begin", "发起批量办理"),
    ("choose_desk", "修改审核台显示设置"),
    ("view.save", "保存常用视图"),
    ("view.delete", "删除常用视图"),
    ("appoint", "任命人员"),
    ("dismiss", "撤销人员"),
    ("reappoint", "更改任命"),
    ("pause_staff", "暂停人员"),
    ("resume_staff", "恢复人员"),
    ("person.find", "查找账户"),
    ("suspend", "停用账户"),
    ("reinstate", "恢复账户"),
    ("provider.seed", "初始化服务商名录"),
    ("provider.keep", "收录服务商"),
    ("provider.merge", "并入服务商"),
    ("provider.drop", "不收录服务商"),
    ("reason.seed", "初始化常用意见"),
    ("reason.keep", "保存常用意见"),
    ("reason.drop", "删除常用意见"),
    ("holiday.configure", "按配置更新节假日"),
    ("holiday.keep", "保存节假日"),
    ("holiday.import", "导入节假日"),
    ("holiday.drop", "删除节假日"),
    ("audit.search", "查询审计日志"),
    ("baseline", "登记既有数据"),
    ("reseal", "更换密钥重新加密"),
    ("sweep", "清理过期数据"),
    ("job.run", "安排立即运行后台任务"),
    ("seed", "写入示例数据"),
];

const OBJECTS: [(&str, &str); 31] = [
    ("job", "后台任务"),
    ("desk_batch", "批量办理"),
    ("misuse_report", "举报线索"),
    ("patrol_finding", "核查事项"),
    ("audit", "审计日志"),
    ("draft", "草稿"),
    ("filing", "申请单"),
    ("files", "文件"),
    ("held_form", "暂存内容"),
    ("holiday", "节假日"),
    ("key_check", "密钥校验"),
    ("person", "人员"),
    ("provider", "服务商"),
    ("queue", "审核队列"),
    ("reason", "常用意见"),
    ("record", "备案"),
    ("saved_view", "常用视图"),
    ("session", "会话"),
    ("sms_code", "验证码"),
    ("staff", "任命"),
    ("upload", "文件"),
    ("handover", "移交"),
    ("live_domain", "在用域名"),
    ("mail_address", "通知邮箱"),
    ("filing_round", "申请轮次"),
    ("filing_event", "办理记录"),
    ("filing_message", "补充说明"),
    ("relation_check", "关联核对"),
    ("second_look", "抽查复核"),
    ("begin", "开始"),
    ("end", "结束"),
];

const DETAILS: [(&str, &str); 69] = [
    ("columns", "显示的列"),
    ("density", "行高"),
    ("keys", "单键快捷键"),
    ("event", "撤回的操作"),
    ("faults", "发现的问题"),
    ("act", "操作类型"),
    ("reference", "编号"),
    ("references", "编号"),
    ("procedure", "业务类型"),
    ("purpose", "用途"),
    ("for", "用途"),
    ("reason", "理由"),
    ("name", "名称"),
    ("title", "名称"),
    ("into", "并入"),
    ("role", "角色"),
    ("region", "地区"),
    ("role_before", "原角色"),
    ("region_before", "原地区"),
    ("added", "新增"),
    ("changed", "更改"),
    ("from", "来自"),
    ("to", "去往"),
    ("round", "轮次"),
    ("rows", "条数"),
    ("sessions", "会话数"),
    ("days", "天数"),
    ("action", "操作"),
    ("field", "项目"),
    ("files", "文件"),
    ("object", "对象"),
    ("person", "人员"),
    ("since", "起始日期"),
    ("until", "截止日期"),
    ("step", "步骤"),
    ("filing", "申请单"),
    ("filings", "申请单"),
    ("record", "备案"),
    ("records", "连带变更的备案数"),
    ("registration", "备案号"),
    ("along", "一并处理"),
    ("ground", "依据"),
    ("second_look", "抽中复核"),
    ("dependents", "一并撤销的申请单数"),
    ("officer", "领取人"),
    ("officer_before", "原领取人"),
    ("drafts", "草稿"),
    ("directory", "名录"),
    ("kind", "类别"),
    ("sha256", "文件摘要"),
    ("sm3", "文件摘要（SM3）"),
    ("finding", "检查结果"),
    ("wrong", "错误次数"),
    ("most", "上限"),
    ("sms", "短信通知"),
    ("mail", "邮件通知"),
    ("on", "开启"),
    ("is_working", "安排"),
    ("asked", "条件"),
    ("searched", "使用了搜索"),
    ("first", "首任管理员"),
    ("command_line", "由运维命令执行"),
    ("sample", "示例"),
    ("key", "密钥编号"),
    ("at", "项目"),
    ("state", "审核状态"),
    ("claimed_by", "领取人"),
    ("age", "等待时间（天）"),
    ("sort", "排序"),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_word_means_one_code_and_a_code_means_itself() {
        let words: BTreeSet<&str> = ACTIONS.iter().map(|(_, word)| *word).collect();
        assert_eq!(words.len(), ACTIONS.len());
        for (code, word) in ACTIONS {
            assert_eq!((action_code(word), action_code(code), action_word(code)), (code, code, Some(word)));
        }
        assert_eq!((action_code(" 登录 "), action_code("unknown")), ("sign_in", "unknown"));
        assert_eq!((object_word("filing"), object_word("unknown")), (Some("申请单"), None));
    }
}
