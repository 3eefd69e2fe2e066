"""What can be done with notices."""

from aei_marketplace.notices.rules.notices import (
    Notice,
    Subject,
    WrittenNotice,
    to_holders,
    to_staff,
    to_user,
)
from aei_marketplace.notices.rules.webhooks import Webhook
from aei_marketplace.notices.service.dispatch import Dispatch
from aei_marketplace.notices.service.forgetting import forget_old, forget_person
from aei_marketplace.notices.service.preferences import find_preferences, save_preferences
from aei_marketplace.notices.service.reading import (
    Inbox,
    News,
    count_unread,
    list_notices,
    mark_all_read,
    mark_read,
    news,
)
from aei_marketplace.notices.service.routing import put_on_its_way
from aei_marketplace.notices.service.trying import Trial, try_webhook
from aei_marketplace.notices.service.webhooks import (
    Change,
    Shown,
    change_webhook,
    create_webhook,
    delete_webhook,
    find_webhook,
    list_deliveries,
    list_webhooks,
    rotate_secret,
)
from aei_marketplace.notices.service.writing import notify

__all__ = [
    "Change",
    "Dispatch",
    "Inbox",
    "News",
    "Notice",
    "Shown",
    "Subject",
    "Trial",
    "Webhook",
    "WrittenNotice",
    "change_webhook",
    "count_unread",
    "create_webhook",
    "delete_webhook",
    "find_preferences",
    "find_webhook",
    "forget_old",
    "forget_person",
    "list_deliveries",
    "list_notices",
    "list_webhooks",
    "mark_all_read",
    "mark_read",
    "news",
    "notify",
    "put_on_its_way",
    "rotate_secret",
    "save_preferences",
    "to_holders",
    "to_staff",
    "to_user",
    "try_webhook",
]
