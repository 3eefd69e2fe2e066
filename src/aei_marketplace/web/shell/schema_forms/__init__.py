"""Forms made from a JSON Schema: a value becomes fields, and what was typed becomes a value again.

`questions` says what a schema asks for, `fields` what stands in each place, `answers` reads that back.
Whatever no field can show (a place without a simple schema, or a value that a field would change) is a text
field with its JSON. So every value that satisfies its schema comes back as it was when it is sent unchanged.
"""

from aei_marketplace.web.shell.schema_forms.answers import Answer, SchemaForm
from aei_marketplace.web.shell.schema_forms.fields import Field

__all__ = ["Answer", "Field", "SchemaForm"]
