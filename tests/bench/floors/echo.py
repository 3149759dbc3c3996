"""A FastAPI route that gives back the same bytes: the least a read through FastAPI can cost."""

from fastapi import FastAPI, Request, Response

from tests.bench.floors.serving import serve

app = FastAPI(openapi_url=None)
_STORED = b'{"resourceType":"CarePlan","id":"x"}' + b" " * 2_000


@app.api_route("/echo", methods=["GET", "POST"])
async def echo(request: Request) -> Response:
    return Response(await request.body() or _STORED, media_type="application/fhir+json")


if __name__ == "__main__":
    serve(app)
