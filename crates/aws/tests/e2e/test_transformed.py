"""What SAM makes of the template, without deploying it: what no counterpart shows."""

import functools
import json
import os
import unittest

from deploy import REGION, ROOT
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

os.environ.setdefault("AWS_DEFAULT_REGION", REGION)

# What asks for no key.
PUBLIC = {"/health", "/openapi.json"}


@functools.cache
def transformed(**parameters):
    """The template as CloudFormation gets it from SAM, with these parameters."""
    template = yaml_parse((ROOT / "template.yaml").read_text())
    for resource in template["Resources"].values():
        # As `sam package` leaves them: in a bucket.
        for name in ["CodeUri", "DefinitionUri"]:
            if name in resource.get("Properties", {}):
                resource["Properties"][name] = "s3://artifacts/it"
    values = {name: parameter["Default"] for name, parameter in template["Parameters"].items()}
    return Translator({}, Parser()).translate(template, {**values, **parameters})


def properties(name, **parameters):
    return transformed(**parameters)["Resources"][name]["Properties"]


class Routes(unittest.TestCase):
    """Who may call what."""

    def asked_for(self, **parameters):
        """What each route asks for, by method and path."""
        paths = properties("OrdersApi", **parameters)["Body"]["paths"]
        return {(method, path): {name for asked in route.get("security", []) for name in asked}
                for path, routes in paths.items() for method, route in routes.items()}

    def is_public(self, method, path):
        return path in PUBLIC or method in ("options", "x-amazon-apigateway-any-method")

    def test_clients_send_a_key_and_public_routes_ask_for_nothing(self):
        asked = self.asked_for()
        self.assertEqual(len([route for route in asked if not self.is_public(*route)]), 10)
        for (method, path), names in asked.items():
            with self.subTest(f"{method} {path}"):
                operator = (method, path) in {("put", "/products/{productId}"), ("get", "/admin/analytics")}
                expected = {"AWS_IAM"} if operator else set() if self.is_public(method, path) else {"api_key"}
                self.assertEqual(names - {"api_key_false"}, expected)

    def test_with_customers_every_call_but_a_preflight_and_an_operators_has_a_token_too(self):
        without = self.asked_for()
        for route, names in self.asked_for(ClientAuthorizer="Customers").items():
            with self.subTest(route):
                exempt = route[0] == "options" or "AWS_IAM" in names
                self.assertEqual(names, without[route] if exempt else without[route] | {"Customers"})

    def test_a_token_needs_a_pool_and_without_one_nothing_is_kept_when_the_stack_goes(self):
        template = transformed()
        pools = {name: pool for name, pool in template["Resources"].items() if pool["Type"] == "AWS::Cognito::UserPool"}
        self.assertEqual({name: (pool["Condition"], pool["DeletionPolicy"]) for name, pool in pools.items()},
                         {"CustomersUserPool": ("AsksForTokens", "Retain"), "NobodysUserPool": ("AsksForNoTokens", "Delete")})
        [arn] = properties("OrdersApi")["Body"]["securityDefinitions"]["Customers"]["x-amazon-apigateway-authorizer"]["providerARNs"]
        self.assertEqual(arn["Fn::If"][0], "AsksForTokens")


class Deployments(unittest.TestCase):
    """What takes a new version back."""

    def test_a_version_that_fails_everything_is_seen_by_an_alarm_of_its_deployment_at_the_first_failure(self):
        # What each function's failures show in. Those that answer HTTP or in batches don't fail as functions, and an order
        # that is out of stock fails order-processing without a failure.
        errors = lambda function: ("AWS/Lambda", "Errors", ("FunctionName", function))
        server_errors = ("AWS/ApiGateway", "5XXError", ("ApiName", "orders-api"), ("Stage", "StageName"))
        counted = lambda name: ("OrderProcessingSystem", name, ("Status", "Failed"))
        execution = "arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:stateMachine:order-processing"
        shown = {
            "OrderCreationFunction": {errors("OrderCreationFunction"), counted("OrdersCreated"), server_errors},
            "OrderQueryFunction": {errors("OrderQueryFunction"), server_errors},
            "OrderProcessingFunction": {counted("OrdersBegun"), ("OrderProcessingSystem", "FunctionFailures"),
                                        ("AWS/States", "ExecutionsFailed", ("StateMachineArn", execution))},
        }
        functions = [name for name, it in transformed()["Resources"].items() if it["Type"] == "AWS::Lambda::Function"]
        self.assertEqual(len(functions), 7)
        for function in functions:
            with self.subTest(function):
                group = properties(f"{function}DeploymentGroup")
                alarms = [alarm["Name"]["Ref"] for alarm in group["AlarmConfiguration"]["Alarms"]]
                watched = {}
                # The seed's alarm of more than ten errors in five minutes is one of order-processing's too.
                for it in (properties(alarm) for alarm in alarms if alarm != "OrderProcessingErrorAlarm"):
                    named = lambda value: next(iter(value.values())) if isinstance(value, dict) else value
                    dimensions = [(each["Name"], named(each["Value"])) for each in it.get("Dimensions", [])]
                    watched[it["Namespace"], it["MetricName"], *dimensions] = it
                self.assertEqual(set(watched), shown.get(function, {errors(function)}))
                for it in watched.values():
                    self.assertEqual(
                        (it["Statistic"], it["Period"], it["EvaluationPeriods"], it["Threshold"], it["ComparisonOperator"],
                         it["TreatMissingData"]),
                        ("Sum", 60, 1, 0, "GreaterThanThreshold", "notBreaching"))

    def test_the_failures_of_every_function_are_counted_from_its_log(self):
        resources = transformed()["Resources"].values()
        functions = {it["Properties"]["LoggingConfig"]["LogGroup"]["Ref"] for it in resources
                     if it["Type"] == "AWS::Lambda::Function"}
        filters = [it["Properties"] for it in resources if it["Type"] == "AWS::Logs::MetricFilter"]
        self.assertEqual({it["LogGroupName"]["Ref"] for it in filters}, functions)
        self.assertEqual({it["FilterPattern"] for it in filters},
                         {'{ ($.event_type = "function_not_started") || (($.event_type = "function_failed") '
                          '&& ($.data.errorType != "OutOfStock")) }'})
        self.assertEqual({(each["MetricNamespace"], each["MetricName"], each["MetricValue"])
                          for it in filters for each in it["MetricTransformations"]},
                         {("OrderProcessingSystem", "FunctionFailures", "1")})

    def test_no_deployment_is_stopped_by_letters_that_wait_for_what_it_brings(self):
        groups = [it["Properties"] for it in transformed()["Resources"].values()
                  if it["Type"] == "AWS::CodeDeploy::DeploymentGroup"]
        named = {alarm["Name"]["Ref"] for group in groups for alarm in group["AlarmConfiguration"]["Alarms"]}
        self.assertEqual({name for name in named if "DLQ" in name}, set())


class Rights(unittest.TestCase):
    """Who may do what."""

    def test_the_workflow_calls_the_live_alias_alone(self):
        policies = properties("OrderProcessingStateMachineRole")["Policies"]
        statements = [statement for policy in policies for statement in policy["PolicyDocument"]["Statement"]]
        resources = [it["Resource"] for it in statements if "lambda:InvokeFunction" in it["Action"]]
        self.assertEqual(resources, [{"Ref": "OrderProcessingFunctionAliaslive"}])


    def test_the_deploying_role_may_make_whatever_kind_of_thing_the_template_has(self):
        policy = json.loads((ROOT / "docs/deploy-policy.json").read_text())
        allowed = {action.partition(":")[0] for statement in policy["Statement"] for action in statement["Action"]}
        prefixes = {"CloudWatch": "cloudwatch", "CodeDeploy": "codedeploy", "Cognito": "cognito-idp", "StepFunctions": "states"}
        needed = {it["Type"].split("::")[1] for it in transformed()["Resources"].values()}
        self.assertLessEqual({prefixes.get(name, name.lower()) for name in needed}, allowed)


class Errors(unittest.TestCase):
    """API Gateway's own answers."""

    def test_each_is_a_problem_document_that_a_page_of_another_origin_may_read(self):
        exposed = ("'location, retry-after, ratelimit, ratelimit-policy, idempotent-replayed, allow, x-amzn-requestid, "
                   "x-amzn-trace-id, traceparent'")
        responses = properties("OrdersApi")["Body"]["x-amazon-apigateway-gateway-responses"]
        self.assertLessEqual({"INVALID_SIGNATURE", "EXPIRED_TOKEN", "THROTTLED", "QUOTA_EXCEEDED"}, set(responses))
        for kind, response in responses.items():
            with self.subTest(kind):
                headers = response["responseParameters"]
                self.assertEqual(headers["gatewayresponse.header.Content-Type"], "'application/problem+json'")
                self.assertEqual(headers["gatewayresponse.header.Access-Control-Expose-Headers"], exposed)


if __name__ == "__main__":
    unittest.main()
