"""A client that knows nothing of the API but the name of a service: all else it learns from the server's reflection.

Usage: reflection_client.py ADDRESS COUNCIL, with a bearer token of that council in BROKERAGE_TOKEN. It checks the health
service, posts a referral, reads it back, posts one with a wrong code, and prints what it saw as one JSON object.
"""

import json
import os
import sys

import grpc
from google.protobuf import json_format
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from google.rpc import error_details_pb2
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from grpc_status import rpc_status

SERVICE = "brokerage.referrals.v1.ReferralsService"
HEALTH = "grpc.health.v1.Health"
SECONDS = 30


class Client:
    def __init__(self, channel, token):
        self.channel = channel
        self.metadata = [("authorization", f"Bearer {token}")] if token else []
        self.database = ProtoReflectionDescriptorDatabase(channel)
        self.pool = DescriptorPool(self.database)

    def call(self, service, method, /, **fields):
        found = self.pool.FindServiceByName(service).FindMethodByName(method)
        request = json_format.ParseDict(fields, GetMessageClass(found.input_type)())
        call = self.channel.unary_unary(
            f"/{service}/{method}",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=GetMessageClass(found.output_type).FromString,
        )
        answer = call(request, metadata=self.metadata, timeout=SECONDS)
        return json_format.MessageToDict(answer, preserving_proto_field_name=True)


def refusal(error):
    """The code of a refusal, its reason, and the fields that it names."""
    seen = {"code": error.code().name, "violations": []}
    for detail in rpc_status.from_call(error).details:
        if detail.Is(error_details_pb2.ErrorInfo.DESCRIPTOR):
            info = error_details_pb2.ErrorInfo()
            detail.Unpack(info)
            seen.update(reason=info.reason, domain=info.domain)
        elif detail.Is(error_details_pb2.BadRequest.DESCRIPTOR):
            request = error_details_pb2.BadRequest()
            detail.Unpack(request)
            seen["violations"] += [{"field": it.field, "description": it.description} for it in request.field_violations]
    return seen


def refused(client, **fields):
    try:
        client.call(SERVICE, "PostReferral", **fields)
    except grpc.RpcError as error:
        return refusal(error)
    return None


def main():
    address, council = sys.argv[1:]
    with grpc.insecure_channel(address) as channel:
        client = Client(channel, os.environ["BROKERAGE_TOKEN"])
        methods = client.pool.FindServiceByName(SERVICE).methods
        requirements = {
            "provisions": ["FOSTERING"],
            "age_years": 9,
            "urgency": "URGENT",
            "needed_from": "2026-06-02",
        }
        posting = {"parent": f"councils/{council}", "requirements": requirements, "request_id": "python-1"}
        posted = client.call(SERVICE, "PostReferral", **posting)
        wrong = {**posting, "requirements": {**requirements, "urgency": "SOON"}, "request_id": "python-2"}
        seen = {
            "services": sorted(client.database.get_services()),
            "methods": sorted(method.name for method in methods),
            "health": client.call(HEALTH, "Check").get("status"),
            "health_of_service": client.call(HEALTH, "Check", service=SERVICE).get("status"),
            "posted": posted,
            "again": client.call(SERVICE, "PostReferral", **posting),
            "read": client.call(SERVICE, "GetReferral", name=posted["name"]),
            "refused": refused(client, **wrong),
            "without_token": refused(Client(channel, None), **posting),
        }
    json.dump(seen, sys.stdout)


if __name__ == "__main__":
    main()
