"""Notices about money: prices, purchases, invoices, spend; shares, disputes, payouts and what they need."""

from aei_marketplace.notices.rules.kind import Kind, MailSetting, Severity

KINDS_OF_MONEY = (
    Kind(
        "price.announced",
        "$plugin gets another price: $after",
        "It costs $before now. The new price applies from $since; a subscription keeps its own until its"
        " next renewal after that. Cancel before if you do not want it at that price.",
        severity=Severity.WARNING,
        mail=MailSetting.IMMEDIATE,
        fixed="It says what you will pay.",
        link="/admin/spend",
    ),
    Kind(
        "invoice.issued",
        "Invoice $number: $amount, due on $due",
        "It stands under Admin, Spend, where it can be printed and paid.",
        link="/admin/spend/invoices/$invoice",
    ),
    Kind(
        "invoice.overdue",
        "Invoice $number is not paid",
        "$amount have been due since $due. What it is for stops running while it is overdue.",
        severity=Severity.WARNING,
        mail=MailSetting.IMMEDIATE,
        fixed="It says why something may stop running.",
        link="/admin/spend/invoices/$invoice",
    ),
    Kind(
        "renewal.near",
        "$plugin goes on at $price from $at",
        "It is $how. Cancel it before under Admin, Spend, if you do not want it any longer.",
        mail=MailSetting.IMMEDIATE,
        fixed="It says what you will pay.",
        link="/admin/spend",
    ),
    Kind(
        "renewal.charged",
        "$amount were charged for invoice $number",
        "It renews $what, and was charged to $method, as your tenant agreed. That can be taken back under"
        " Admin, Spend.",
        mail=MailSetting.IMMEDIATE,
        link="/admin/spend/invoices/$invoice",
    ),
    Kind(
        "renewal.declined",
        "$amount for invoice $number could not be charged",
        "It renews $what. $reason. $next What it is for $runs once the invoice is paid.",
        severity=Severity.WARNING,
        mail=MailSetting.IMMEDIATE,
        fixed="It says why something may stop running.",
        link="/admin/spend/invoices/$invoice",
    ),
    Kind(
        "renewal.stopped",
        "Nothing is charged to $method any more",
        "Its bank took back what was paid for invoice $number. Renewals are paid by hand on their invoices'"
        " pages until your tenant names a method again under Admin, Spend, or cancels them there.",
        severity=Severity.WARNING,
        mail=MailSetting.IMMEDIATE,
        fixed="It says why something may stop running.",
        link="/admin/spend",
    ),
    Kind(
        "renewal.consent_wanted",
        "$plugin was renewed at $price and waits for your consent",
        "That is more than anybody of your tenant agreed to, so it is not charged by itself. Agree under"
        " Admin, Spend, pay its invoice by hand, or cancel it.",
        severity=Severity.WARNING,
        mail=MailSetting.IMMEDIATE,
        fixed="It says why something may stop running.",
        link="/admin/spend",
    ),
    Kind(
        "billing.rejected",
        "$provider tells of money that does not fit",
        "It told of $what: $reason. Nothing was changed; compare both sides under Admin, Invoices,"
        " Reconciliation.",
        severity=Severity.WARNING,
        mail=MailSetting.IMMEDIATE,
        link="/admin/invoices/reconciliation",
    ),
    Kind(
        "purchase.suspended",
        "$plugin does not run: its invoice is overdue",
        "What runs finishes, nothing new begins. It runs again as soon as the invoice is paid.",
        severity=Severity.WARNING,
        mail=MailSetting.IMMEDIATE,
        fixed="It says why something does not run.",
        link="/admin/spend",
    ),
    Kind(
        "purchase.ended",
        "Your purchase of $plugin has ended",
        "Reason: $because. What runs finishes, nothing new begins; its installation stays until you"
        " remove it.",
        severity=Severity.WARNING,
        mail=MailSetting.IMMEDIATE,
        link="/admin/spend",
    ),
    Kind(
        "spend.near_cap",
        "$percent % of a spend cap is used",
        "Your tenant allows itself $cap in $period for $what. At 100 % nothing that costs anything runs"
        " under it until the month is over or the cap is raised.",
        severity=Severity.WARNING,
        mail=MailSetting.IMMEDIATE,
        link="/admin/spend",
    ),
    Kind(
        "share.announced",
        "From $since on you get $share of what $plugin sells",
        "It is $before until then, and what is earned until then keeps its share. Why: $reason",
        mail=MailSetting.IMMEDIATE,
        fixed="It changes what you are paid.",
    ),
    Kind(
        "dispute.opened",
        "A sale of $plugin is disputed: $amount",
        "What was earned with it is held until the dispute ends. Show evidence by $until.",
        severity=Severity.WARNING,
        mail=MailSetting.IMMEDIATE,
        link="/admin/disputes/$dispute",
    ),
    Kind(
        "dispute.evidence_due",
        "Evidence is due in the dispute about $plugin",
        "Nothing was shown for your side yet, and the time ends within a day. It is about $amount.",
        severity=Severity.WARNING,
        mail=MailSetting.IMMEDIATE,
        link="/admin/disputes/$dispute",
    ),
    Kind(
        "dispute.ended",
        "The dispute about $plugin has ended: $how",
        "It was about $amount. The dispute's page says why.",
        mail=MailSetting.IMMEDIATE,
        link="/admin/disputes/$dispute",
    ),
    Kind(
        "payout.waits",
        "$payouts payouts of $period wait for approval",
        "The month is closed. What is payable is reserved; somebody approves each, somebody else releases"
        " it from day 15 on.",
        link="/admin/payouts?period=$period",
    ),
    Kind(
        "payout.paid",
        "$amount of $period are paid",
        "$transfer have left the bank; what was withheld for tax, if anything, stands in the statement.",
        link="/publisher/statements/$statement",
    ),
    Kind(
        "payout.failed",
        "The payout of $period did not arrive",
        "$amount are back in your balance, and the next month that is closed pays them. Look at where you"
        " are paid. Reason given: $reason",
        severity=Severity.WARNING,
        mail=MailSetting.IMMEDIATE,
        link="/publisher/statements/$statement",
    ),
    Kind(
        "payout.cancelled",
        "The payout of $period was cancelled",
        "$amount are back in your balance, and the next month that is closed pays them. Reason given:"
        " $reason",
        severity=Severity.WARNING,
        mail=MailSetting.IMMEDIATE,
        link="/publisher/statements/$statement",
    ),
    Kind(
        "tax_profile.waits",
        "A tax profile waits for its review",
        "$creator has sent one. Nothing is paid to them before it is reviewed.",
        link="/admin/tax/$profile",
    ),
    Kind(
        "tax_profile.reviewed",
        "Your tax profile is reviewed",
        "Payouts to your tenant can be made, when they are due.",
        link="/publisher/tax",
    ),
    Kind(
        "tax_profile.refused",
        "Your tax profile was refused",
        "Nothing is paid before you have sent another one. Reason given: $reason",
        severity=Severity.WARNING,
        mail=MailSetting.IMMEDIATE,
        link="/publisher/tax",
    ),
)
