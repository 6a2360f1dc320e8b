"""The system on a counterpart of AWS: the functions' zips in a bucket, the raw template through CloudFormation.

Nothing of the template is changed but what `sam deploy` changes too (where code and workflow lie), and the defaults of
parameters, because the counterpart does not hand parameters to the SAM transformation (docs/ministack.md).
"""

import contextlib
import http.client
import io
import json
import os
import pathlib
import re
import subprocess
import tempfile
import zipfile

import boto3
import botocore.config
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from samtranslator.yaml_helper import yaml_parse

ROOT = pathlib.Path(__file__).resolve().parents[4]
ENDPOINT = os.environ["ORDERMILL_AWS_ENDPOINT"]
BINARIES = pathlib.Path(os.environ["ORDERMILL_LAMBDAS"])
REGION = "us-east-1"
STACK = "ordermill"
BUCKET = "ordermill-artifacts"
FUNCTIONS = sorted(path.parent.name for path in ROOT.glob("lambdas/*/Cargo.toml"))


def client(service):
    """A client of one service of the counterpart, which any credentials open."""
    config = botocore.config.Config(retries={"max_attempts": 2}, read_timeout=60)
    return boto3.client(service, endpoint_url=ENDPOINT, region_name=REGION, aws_access_key_id="test",
                        aws_secret_access_key="test", config=config)


def binary(name):
    """The function's binary: as `sam build` leaves it if the folder is its, else as cargo does."""
    by_sam = BINARIES / f"{name.title().replace('-', '')}Function" / "bootstrap"
    return by_sam if by_sam.exists() else BINARIES / name


def zipped(name, level=1):
    """The function's binary as Lambda takes it: `bootstrap` in a zip, without what only a debugger reads."""
    with tempfile.TemporaryDirectory() as directory:
        stripped = pathlib.Path(directory) / "bootstrap"
        subprocess.run(["strip", "-o", str(stripped), str(binary(name))], check=True)
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
            entry = zipfile.ZipInfo("bootstrap")
            entry.external_attr = 0o755 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, stripped.read_bytes())
        return buffer.getvalue()


def packaged(template, defaults):
    """The template with code and workflow in the bucket, as `sam package` writes it, and these parameters' defaults."""
    text, count = re.subn(r"CodeUri: lambdas/([\w-]+)", rf"CodeUri: s3://{BUCKET}/\1.zip", template)
    assert count == len(FUNCTIONS), (count, FUNCTIONS)
    text, count = re.subn(r"DefinitionUri: (workflows/[\w.]+)", rf"DefinitionUri: s3://{BUCKET}/\1", text)
    assert count == 1
    for name, value in defaults.items():
        text, count = re.subn(rf"(?m)(^  {name}:\n    Type: \w+\n    Default: ).*$", rf"\g<1>{value}", text)
        assert count == 1, name
    return text


class Deployment:
    """The deployed stack, by its outputs and the clients of its services."""

    def __init__(self, **parameters):
        self.parameters = {"GradualDeployment": '"false"', "Architecture": "x86_64", **parameters}

    def deploy(self):
        """Uploads what the stack is made of, makes it, and waits until it is there."""
        s3 = client("s3")
        s3.create_bucket(Bucket=BUCKET)
        for name in FUNCTIONS:
            s3.put_object(Bucket=BUCKET, Key=f"{name}.zip", Body=zipped(name))
        workflow = "workflows/order.asl.json"
        s3.put_object(Bucket=BUCKET, Key=workflow, Body=(ROOT / workflow).read_bytes())
        template = packaged((ROOT / "template.yaml").read_text(), self.parameters)
        s3.put_object(Bucket=BUCKET, Key="template.yaml", Body=template.encode())
        cloudformation = client("cloudformation")
        cloudformation.create_stack(StackName=STACK, TemplateURL=f"{ENDPOINT}/{BUCKET}/template.yaml",
                                    Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"])
        waiter = cloudformation.get_waiter("stack_create_complete")
        try:
            waiter.wait(StackName=STACK, WaiterConfig={"Delay": 1, "MaxAttempts": 120})
        except Exception as error:
            events = cloudformation.describe_stack_events(StackName=STACK)["StackEvents"]
            failed = [e for e in events if e["ResourceStatus"].endswith("FAILED")]
            raise AssertionError(f"the stack was not made: {failed or events[:5]}") from error
        stack = cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]
        self.outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
        self.resources = {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in
                          cloudformation.describe_stack_resources(StackName=STACK)["StackResources"]}
        return self

    def complete(self):
        """Sets through API Gateway's own calls what the counterpart leaves out when it imports the interface: the errors'
        form, the routes for every other method, and a preflight's headers. All are read from the template
        (docs/ministack.md)."""
        gateway, api = client("apigateway"), self.resources["OrdersApi"]
        resources = yaml_parse((ROOT / "template.yaml").read_text())["Resources"]
        text = lambda value: value["Fn::Sub"].replace("${AllowedOrigin}", "*") if isinstance(value, dict) else value
        for kind, response in resources["OrdersApi"]["Properties"]["GatewayResponses"].items():
            headers = response["ResponseParameters"]["Headers"]
            gateway.put_gateway_response(
                restApiId=api, responseType=kind, statusCode=str(response["StatusCode"]),
                responseParameters={f"gatewayresponse.header.{name}": text(value) for name, value in headers.items()},
                responseTemplates=response["ResponseTemplates"])
        paths = {item["path"]: item["id"] for item in gateway.get_resources(restApiId=api, limit=500)["items"]}
        alias = self.resources["OrderQueryFunctionAliaslive"]
        for event in resources["OrderQueryFunction"]["Properties"]["Events"].values():
            if event["Properties"]["Method"] != "ANY":
                continue
            route = {"restApiId": api, "resourceId": paths[event["Properties"]["Path"]], "httpMethod": "ANY"}
            gateway.put_method(**route, authorizationType="NONE", apiKeyRequired=False)
            gateway.put_integration(
                **route, type="AWS_PROXY", integrationHttpMethod="POST",
                uri=f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{alias}/invocations")
        cors = {f"method.response.header.Access-Control-{name}": text(value)
                for name, value in self.cors(resources["OrdersApi"]["Properties"]["Cors"])}
        for resource in paths.values():
            route = {"restApiId": api, "resourceId": resource, "httpMethod": "OPTIONS", "statusCode": "200"}
            with contextlib.suppress(gateway.exceptions.NotFoundException):
                gateway.put_integration_response(**route, responseParameters=cors)
        gateway.create_deployment(restApiId=api, stageName="prod")
        return self

    @staticmethod
    def cors(properties):
        """The headers that SAM makes of `Cors` for the mock that answers a preflight."""
        return [(header, properties[name]) for name, header in [
            ("AllowOrigin", "Allow-Origin"), ("AllowMethods", "Allow-Methods"), ("AllowHeaders", "Allow-Headers"),
            ("MaxAge", "Max-Age")]]

    def key(self):
        """The first client's key, read as the output ReadApiKey says."""
        answer = client("apigateway").get_api_key(apiKey=self.outputs["ApiKeyId"], includeValue=True)
        return answer["value"]

    def new_key(self, throttle=None, quota=None):
        """A key with a usage plan of its own."""
        gateway = client("apigateway")
        limits = {name: value for name, value in [("throttle", throttle), ("quota", quota)] if value}
        stage = {"apiId": self.resources["OrdersApi"], "stage": "prod"}
        plan = gateway.create_usage_plan(name=f"plan-{os.urandom(4).hex()}", apiStages=[stage], **limits)
        key = gateway.create_api_key(name=f"key-{os.urandom(4).hex()}", enabled=True)
        gateway.create_usage_plan_key(usagePlanId=plan["id"], keyId=key["id"], keyType="API_KEY")
        return key["value"]

    def base(self):
        """The path that the interface's own paths stand behind."""
        return f"/restapis/{self.resources['OrdersApi']}/prod/_user_request_"

    def call(self, method, path, body=None, headers=None, key=None):
        """One call of the deployed interface: status, headers and body. A body that is no bytes is sent as JSON."""
        headers = dict(headers or {})
        if key:
            headers["x-api-key"] = key
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            headers.setdefault("content-type", "application/json")
        connection = http.client.HTTPConnection(ENDPOINT.removeprefix("http://"), timeout=60)
        try:
            connection.request(method, self.base() + path, body, headers)
            answer = connection.getresponse()
            return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def call_as_operator(self, method, path, body=None, headers=None):
        """A call signed with IAM credentials."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"content-type": "application/json", **(headers or {})}
        request = AWSRequest(method, f"{ENDPOINT}{self.base()}{path}", headers, data)
        SigV4Auth(Credentials("test", "test"), "execute-api", REGION).add_auth(request)
        return self.call(method, path, data, dict(request.headers))

    def put_product(self, product_id, stock=1000, price=29.99):
        product = {"name": product_id, "price": price, "currency": "USD", "stock": stock}
        status, _, body = self.call_as_operator("PUT", f"/products/{product_id}", product)
        assert status in (200, 201), (status, body)

    def set_payments(self, success_rate, failures="declined"):
        """Publishes order-processing with other settings of the simulated gateway and moves its alias there."""
        functions, name = client("lambda"), "order-processing"
        variables = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
        variables |= {"ORDERMILL_PAYMENT_SUCCESS_RATE": str(success_rate), "ORDERMILL_PAYMENT_FAILURES": failures}
        functions.update_function_configuration(FunctionName=name, Environment={"Variables": variables})
        version = functions.publish_version(FunctionName=name)["Version"]
        functions.update_alias(FunctionName=name, Name="live", FunctionVersion=version)

    def history(self, order_id):
        """The events of the order's execution; none before there is one."""
        workflow = client("stepfunctions")
        arn = self.outputs["StateMachineArn"].replace(":stateMachine:", ":execution:") + f":{order_id}"
        try:
            return workflow.get_execution_history(executionArn=arn, maxResults=1000)["events"]
        except workflow.exceptions.ExecutionDoesNotExist:
            return []

    def states(self, order_id):
        """The states that the order's execution entered, in order."""
        return [event["stateEnteredEventDetails"]["name"] for event in self.history(order_id)
                if "stateEnteredEventDetails" in event]
