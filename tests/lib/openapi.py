"""OpenAPI 3.1, as far as our document goes: a lint of its structure, and the check of an answer against it.

Schemas are JSON Schema 2020-12 and are judged by python3-jsonschema; the rules above them (paths, parameters, operations, references) are read from the OpenAPI 3.1.0
specification and checked here."""
import copy
import json
import re

from jsonschema import Draft202012Validator

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
NAME = re.compile(r"^[a-zA-Z0-9._-]+$")
MEDIA = re.compile(r"^[a-z]+/[a-z0-9.+-]+(; ?[a-z]+=[A-Za-z0-9.-]+)*$")


def pointers(value, at="#"):
    """Every (pointer, value) of a document."""
    yield at, value
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, child in items:
        yield from pointers(child, f"{at}/{str(name).replace('~', '~0').replace('/', '~1')}")


def resolve(doc, reference):
    value = doc
    for part in reference.removeprefix("#/").split("/"):
        value = value[part.replace("~1", "/").replace("~0", "~")]
    return value


def deref(doc, value):
    while isinstance(value, dict) and "$ref" in value:
        value = resolve(doc, value["$ref"])
    return value


def operations(doc):
    """(path, method in capitals, operation)"""
    for path, item in doc["paths"].items():
        for method in METHODS:
            if method in item:
                yield path, method.upper(), item[method]


def parameters(doc, operation):
    """(key in components, parameter)"""
    for given in operation.get("parameters", []):
        yield given["$ref"].rsplit("/", 1)[1], deref(doc, given)


def strict(schema):
    """A copy in which no object has members that its schema does not name."""
    if isinstance(schema, list):
        return [strict(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: value if name in ("enum", "const", "example", "examples", "required") else strict(value) for name, value in schema.items()}
    if isinstance(schema.get("properties"), dict) and schema.get("type") == "object":
        made.setdefault("unevaluatedProperties", False)
    return made


def validator(doc, schema, is_strict=True):
    """For a schema whose references point into the document."""
    components = doc["components"]
    whole = {"allOf": [strict(schema) if is_strict else schema], "components": {**components, "schemas": strict(components["schemas"]) if is_strict else components["schemas"]}}
    return Draft202012Validator(whole)


# -- the lint --

def lint(doc):
    """What is wrong with the document, one line each."""
    bad = []

    def want(condition, said):
        if not condition:
            bad.append(said)

    want(re.fullmatch(r"3\.1\.\d+", doc.get("openapi", "")), "openapi is not 3.1.x")
    want(set(doc) <= {"openapi", "info", "servers", "paths", "components", "tags", "security", "externalDocs", "jsonSchemaDialect", "webhooks"}, "a member that the standard does not have")
    want(doc["info"].get("title") and doc["info"].get("version"), "info lacks title or version")
    references = [(at, value["$ref"]) for at, value in pointers(doc) if isinstance(value, dict) and isinstance(value.get("$ref"), str)]
    for at, reference in references:
        try:
            resolve(doc, reference)
        except (KeyError, TypeError, IndexError):
            bad.append(f"{at}: {reference} leads nowhere")
    if bad:
        return bad
    for group, content in doc["components"].items():
        for name in content:
            want(NAME.match(name), f"components/{group}/{name}: a name that the standard forbids")
            want(group == "securitySchemes" or any(reference == f"#/components/{group}/{name}" for _, reference in references), f"components/{group}/{name} is used nowhere")
    for name, schema in doc["components"]["schemas"].items():
        try:
            Draft202012Validator.check_schema(schema)
        except Exception as error:  # the library's own type moved between versions
            bad.append(f"components/schemas/{name}: {error}")
        want("nullable" not in json.dumps(schema), f"components/schemas/{name}: nullable is OpenAPI 3.0")
    for name, parameter in doc["components"].get("parameters", {}).items():
        bad += lint_parameter(doc, name, deref(doc, parameter))
    seen = {}
    for path, item in doc["paths"].items():
        want(path.startswith("/") and "?" not in path, f"{path}: not a path")
        same = re.sub(r"{[^}]*}", "{}", path)
        want(same not in seen, f"{path}: the same as {seen.get(same)}")
        seen[same] = path
        want(item and set(item) <= set(METHODS), f"{path}: no operation, or something else than operations")
    ids = [operation.get("operationId") for _, _, operation in operations(doc)]
    want(len(set(ids)) == len(ids) and all(ids), f"operationIds missing or repeated: {ids}")
    schemes = doc["components"].get("securitySchemes", {})
    for path, method, operation in operations(doc):
        bad += [f"{method} {path}: {line}" for line in lint_operation(doc, path, method, operation)]
        for requirement in operation.get("security", []):
            want(set(requirement) <= set(schemes), f"{method} {path}: unknown security scheme")
    return bad


def lint_parameter(doc, name, parameter):
    bad = []
    for member in ("name", "in", "description", "schema", "example"):
        if member not in parameter:
            bad.append(f"parameter {name}: no {member}")
    if not bad:
        if parameter["in"] not in ("path", "query", "header", "cookie"):
            bad.append(f"parameter {name}: in {parameter['in']}")
        if parameter["in"] == "path" and parameter.get("required") is not True:
            bad.append(f"parameter {name}: a path parameter is required")
        bad += [f"parameter {name}: example: {error.message}" for error in validator(doc, parameter["schema"]).iter_errors(parameter["example"])]
    return bad


def lint_operation(doc, path, method, operation):
    bad = []
    given = [parameter for _, parameter in parameters(doc, operation)]
    keys = [(parameter["name"], parameter["in"]) for parameter in given]
    if len(set(keys)) != len(keys):
        bad.append("a parameter stands twice")
    if sorted(name for name, where in keys if where == "path") != sorted(re.findall(r"{([^}]*)}", path)):
        bad.append("its path parameters are not those of the path")
    if not operation.get("summary") or not operation.get("tags"):
        bad.append("no summary or no tag")
    body = operation.get("requestBody")
    if body is not None and not body.get("content"):
        bad.append("a request body without media types")
    if body is not None and method in ("GET", "HEAD"):
        bad.append("a body with GET")
    responses = operation.get("responses", {})
    if not any(status.startswith("2") for status in responses):
        bad.append("no successful answer")
    for status, response in responses.items():
        if not re.fullmatch(r"[1-5]\d\d|default", status):
            bad.append(f"{status} is no status")
        if not response.get("description"):
            bad.append(f"{status}: no description")
        for header in response.get("headers", {}).values():
            if "schema" not in deref(doc, header):
                bad.append(f"{status}: a header without schema")
    for content in [body["content"] if body else {}] + [response.get("content", {}) for response in responses.values()]:
        for media, value in content.items():
            if not MEDIA.match(media):
                bad.append(f"{media} is no media type")
            schema = deref(doc, value.get("schema", {}))
            if "example" in schema:
                bad += [f"{media}: example: {error.message}" for error in validator(doc, schema).iter_errors(schema["example"])]
    return bad


# -- an answer --

def normal(media):
    return re.sub(r"\s*;\s*", ";", media or "").lower()


class Book:
    """The document, and what of it was seen in answers."""

    def __init__(self, doc):
        self.doc = copy.deepcopy(doc)
        self.seen = set()
        self.validators = {}

    def judge(self, path, method, status, headers, body):
        """What of an answer the document does not allow, or None."""
        operation = self.doc["paths"][path][method.lower()]
        response = operation["responses"].get(str(status))
        if response is None:
            return f"{status} is not documented"
        media = next((media for media in response.get("content", {}) if normal(media) == normal(headers.get("content-type"))), None)
        if media is None:
            return f"{status} with {headers.get('content-type')} is not documented"
        self.seen.add((operation["operationId"], status, media))
        return self.judge_headers(response, headers) or self.judge_body(operation["operationId"], status, media, response["content"][media], body)

    def judge_headers(self, response, headers):
        for name, reference in response.get("headers", {}).items():
            header, value = deref(self.doc, reference), headers.get(name.lower())
            if value is None and header.get("required"):
                return f"no {name}"
            if value is not None and header["schema"].get("type") == "integer" and not re.fullmatch(r"\d+", value):
                return f"{name}: {value}"
        return None

    def judge_body(self, operation_id, status, media, content, body):
        if "json" not in media:
            return None
        if "ndjson" in media:
            return next(filter(None, (self.judge_value(operation_id, status, media, content, line) for line in body.splitlines())), None)
        return self.judge_value(operation_id, status, media, content, body)

    def judge_value(self, operation_id, status, media, content, body):
        try:
            value = json.loads(body)
        except ValueError:
            return "not JSON"
        key = (operation_id, status, media)
        if key not in self.validators:
            self.validators[key] = validator(self.doc, content["schema"])
        error = next(iter(self.validators[key].iter_errors(value)), None)
        if error:
            return f"{'/'.join(map(str, error.absolute_path))}: {error.message[:300]}"
        if "problem" in media:
            self.seen.add((operation_id, status, value["code"]))
            if value["status"] != status or value["type"] != "urn:qizheng:problem:" + value["code"]:
                return "status or type of the problem differ from the answer's"
        return None
