"""What Schemathesis is told about this interface that its configuration can't say."""

import schemathesis

UNKNOWN_HEADER = "x-schemathesis-unknown-property"


@schemathesis.hook
def filter_case(context, case):
    """Sends no header that nobody knows and expects it refused: RFC 9110, section 5.1, has it ignored."""
    return UNKNOWN_HEADER not in (case.headers or {})
