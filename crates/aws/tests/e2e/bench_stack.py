"""What `cargo xtask bench-lambda` needs of AWS: the stack on the counterpart, an order in it, and nobody else at work.

Prints one JSON object: each function's environment as the stack sets it, its size, and the order that the recorded events name.
"""

import json
import sys

from deploy import FUNCTIONS, REGION, Deployment, client, zipped


def quiet(stack):
    """Nothing calls the deployed functions by itself: only the measured ones work."""
    functions = client("lambda")
    for mapping in functions.list_event_source_mappings()["EventSourceMappings"]:
        functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    events = client("events")
    for rule in events.list_rules()["Rules"]:
        events.disable_rule(Name=rule["Name"])
    topics = client("sns")
    for subscription in topics.list_subscriptions_by_topic(TopicArn=stack.outputs["OrderNotificationTopicArn"])["Subscriptions"]:
        topics.unsubscribe(SubscriptionArn=subscription["SubscriptionArn"])


def main():
    stack = Deployment(PaymentSuccessRate='"1"').deploy()
    quiet(stack)
    stack.put_product("PROD-001", stock=100_000_000)
    order = {"customerId": "CUST-001", "customerEmail": "customer@example.com",
             "items": [{"productId": "PROD-001", "quantity": 2, "price": 29.99}]}
    status, _, body = stack.call("POST", "/orders", order, key=stack.new_key())
    assert status == 201, (status, body)
    placed = json.loads(body)
    functions = client("lambda")
    variables = {name: functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
                 for name in FUNCTIONS}
    # The level that `sam package` zips with.
    sizes = {name: len(zipped(name, level=6)) for name in FUNCTIONS}
    json.dump({"region": REGION, "variables": variables, "zippedBytes": sizes, "orderId": placed["orderId"],
               "createdAt": placed["createdAt"]}, sys.stdout)


if __name__ == "__main__":
    main()
