"""The Chinese text of a synthetic labour contract, as lines for contract_pdf.

Why: the documents the tests notarize should read like the real thing. Headings one to nine are the
nine mandatory terms of Labour Contract Law Art 17 in its own order; probation, training and secrets
are agreed beside them, as its second paragraph allows.

Invariant: the text and the claims of one contract come from one object (make_contracts.Contract),
so they cannot disagree.
"""

from contract_pdf import Line

BANNER = "「合成样例 SYNTHETIC SAMPLE — 非真实合同」"

KIND_NAMES = {"fixed": "固定期限", "open": "无固定期限", "task": "以完成一定工作任务为期限"}
FORM_NAMES = {"full": "全日制", "part": "非全日制", "dispatch": "劳务派遣"}
CYCLE_NAMES = {"monthly": "每月", "weekly": "每周", "biweekly": "每两周"}
METHOD_NAMES = {
    "business-licence": "核验营业执照",
    "legal-rep": "核验法定代表人",
    "face": "人脸比对",
    "id-chip": "读取身份证芯片",
    "bank-card": "银行卡要素比对",
}
ALG_NAMES = {"SGD_SM3_SM2": "SM2（国密）", "ES256": "ECDSA P-256"}

SOCIAL_INSURANCE = {
    "full": "甲、乙双方依法参加基本养老、基本医疗、失业、工伤和生育保险，个人部分由甲方代扣代缴",
    "part": "甲方依法为乙方缴纳工伤保险费；其他社会保险由乙方以灵活就业人员身份依法参加",
}


def date_text(day):
    return f"{day.year}年{day.month}月{day.day}日"


def yuan_text(fen):
    return f"{fen // 100:,}.{fen % 100:02d}元"


def term_text(c):
    if c.kind == "fixed":
        term = f"自{date_text(c.start)}起至{date_text(c.end)}止，共{c.months}个月"
    elif c.kind == "open":
        term = f"自{date_text(c.start)}起，至法定终止条件出现时止"
    else:
        term = f"自{date_text(c.start)}起，至{c.task}验收合格、任务完成时止"
    return f"本合同为{KIND_NAMES[c.kind]}劳动合同，{term}。用工起始日为{date_text(c.work_start)}。"


def probation_text(c):
    if not c.probation:
        return "双方不约定试用期。"
    return f"试用期{c.probation}个月，自{date_text(c.start)}起至{date_text(c.probation_end)}止，包含在合同期限内。"


def hours_text(c):
    if c.form == "part":
        return (
            f"实行非全日制用工：每日{c.hours_day}小时，每周{c.days_week}日，"
            f"每周累计{c.hours_day * c.days_week}小时，不超过二十四小时。"
        )
    if c.hours_system == "comprehensive":
        return "经人力资源社会保障行政部门批准，实行以季为周期的综合计算工时工作制，平均每日不超过八小时、每周不超过四十小时。"
    return "实行标准工时工作制：每日工作八小时，每周工作四十小时，每周至少休息一日。"


def pay_text(c):
    cycle = CYCLE_NAMES[c.wage_cycle]
    if c.form == "part":
        pay = f"小时工资{yuan_text(c.wage_hour)}，{cycle}结算支付一次，每期{yuan_text(c.wage)}，结算周期不超过十五日。"
    else:
        pay = f"工资为{cycle}{yuan_text(c.wage)}，以货币形式于次月十五日前支付。"
    if c.probation:
        pay += f"试用期工资为{cycle}{yuan_text(c.probation_wage)}，不低于约定工资的百分之八十。"
    return pay


def protection_text(c):
    """The protection term; also a disclosable claim."""
    if c.hazard:
        return f"该岗位存在{c.hazard}的职业病危害，甲方已如实告知，并提供防护用品、岗前培训和职业健康检查"
    return "该岗位不接触职业病危害因素；甲方提供符合国家规定的劳动条件和劳动安全卫生设施"


def other_text(c):
    """The other terms; also a disclosable claim."""
    return "本合同的变更须经双方协商一致并采用书面形式；" + c.extra


def party_lines(c):
    yield Line("heading", "一、用人单位（甲方）的名称、住所和法定代表人", keep=True)
    yield Line("body", f"名称：{c.employer.name}")
    yield Line("body", f"统一社会信用代码：{c.employer.uscc}")
    yield Line("body", f"住所：{c.employer.address}")
    yield Line("body", f"法定代表人：{c.employer.legal_rep}")
    yield Line("heading", "二、劳动者（乙方）的姓名、住址和身份证件号码", keep=True)
    yield Line("body", f"姓名：{c.worker_name}")
    yield Line("body", f"住址：{c.worker_address}")
    yield Line("body", f"居民身份证号码：{c.id_number}（区划999999从未分配，非真实号码）")


def term_lines(c):
    yield Line("heading", "三、合同期限", keep=True)
    yield Line("body", term_text(c))
    yield Line("body", probation_text(c))
    yield Line("heading", "四、工作内容和工作地点", keep=True)
    yield Line("body", f"乙方的工作岗位为{c.post}，工作地点为{c.place}。")
    if c.form == "dispatch":
        yield Line(
            "body",
            f"甲方将乙方派遣至用工单位{c.dispatch_unit}，派遣期限与本合同期限相同，该岗位为辅助性工作岗位。",
        )
    yield Line("heading", "五、工作时间和休息休假", keep=True)
    yield Line("body", hours_text(c))
    yield Line("body", "乙方依法享有法定节假日、年休假、婚假、产假等休息休假权利；延长工作时间依法协商并支付加班工资。")
    yield Line("heading", "六、劳动报酬", keep=True)
    yield Line("body", pay_text(c))
    if c.form == "dispatch":
        yield Line("body", "被派遣期间无工作的，甲方按照所在地最低工资标准按月支付报酬。")
    yield Line("heading", "七、社会保险", keep=True)
    yield Line("body", SOCIAL_INSURANCE["part" if c.form == "part" else "full"] + "。")
    yield Line("heading", "八、劳动保护、劳动条件和职业危害防护", keep=True)
    yield Line("body", protection_text(c) + "。")
    yield Line("body", "乙方有权拒绝违章指挥和强令冒险作业，对危害生命安全和身体健康的劳动条件有权批评、检举和控告。")
    yield Line("heading", "九、其他", keep=True)
    yield Line("body", "法律、法规规定应当纳入劳动合同的其他事项，按照其规定执行。")
    yield Line("body", other_text(c) + "。")
    yield Line("body", "劳动合同的解除、终止和经济补偿，按照《中华人民共和国劳动合同法》执行。")
    yield Line("body", "因履行本合同发生争议，可以协商、调解，也可以依法申请劳动争议仲裁、提起诉讼。")


def signature_lines(c):
    """One block that a page break does not divide."""
    names = {"employer": f"甲方（电子签名）：{c.employer.name}", "worker": f"乙方（电子签名）：{c.worker_name}"}
    yield Line("heading", "签署", keep=True)
    for role, method, signed in c.signatures:
        yield Line("sign", names[role], keep=True)
        if role == "employer":
            yield Line("sign", f"法定代表人：{c.employer.legal_rep}", keep=True)
        yield Line(
            "sign",
            f"签名时间：{date_text(signed)} {signed:%H:%M:%S}（北京时间）",
            keep=True,
        )
        yield Line(
            "sign",
            f"身份核验：{METHOD_NAMES[method]}　签名算法：{ALG_NAMES[c.alg]}",
            keep=True,
        )
    yield Line("sign", f"签订日期：{date_text(c.signed_on)}　保存至：{date_text(c.retain_until)}", keep=True)
    yield Line("sign", "本文件的当事人、号码、地址和签名均由程序生成，不指向任何人，不具有法律效力。")


def contract_lines(c):
    """The whole contract, in reading order."""
    sort = f"（{FORM_NAMES[c.form]}　{KIND_NAMES[c.kind]}）"
    return [
        Line("title", "劳 动 合 同 书", keep=True),
        Line("subtitle", f"{sort}　合同编号：{c.contract_no}", keep=True),
        Line("body", "", keep=True),
        Line("body", "根据《中华人民共和国劳动合同法》，甲乙双方遵循合法、公平、平等自愿、协商一致、诚实信用的原则，订立本合同。"),
        *party_lines(c),
        *term_lines(c),
        *signature_lines(c),
    ]
