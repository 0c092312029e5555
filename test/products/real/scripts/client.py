"""What FastMCP's documentation shows for a client that signs in."""
import asyncio
import sys

from fastmcp import Client


async def main() -> None:
    async with Client(sys.argv[1], auth="oauth") as client:
        print(*[tool.name for tool in await client.list_tools()])


asyncio.run(main())
