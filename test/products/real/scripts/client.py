"""What FastMCP's documentation shows for a client that signs in."""
import asyncio
import sys

from fastmcp import Client
from fastmcp.client.auth import OAuth


async def main() -> None:
    url, *given = sys.argv[1:]
    async with Client(url, auth=OAuth(client_id=given[0]) if given else "oauth") as client:
        print(*[tool.name for tool in await client.list_tools()])


asyncio.run(main())
