package example;

import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** As much of MCP as a client asks for until it has a list of tools; the security before it is Quarkus' own. */
@Path("/mcp")
public class Mcp {
  private static final Pattern ID = Pattern.compile("\"id\"\\s*:\\s*(\\d+|\"[^\"]*\")");

  @POST
  @Consumes(MediaType.APPLICATION_JSON)
  @Produces(MediaType.APPLICATION_JSON)
  public Response answer(String message) {
    Matcher id = ID.matcher(message);
    if (!id.find()) return Response.accepted().build();
    String result;
    if (message.contains("\"initialize\"")) {
      result =
          "{\"protocolVersion\":\"2025-06-18\",\"capabilities\":{\"tools\":{}},"
              + "\"serverInfo\":{\"name\":\"example\",\"version\":\"1\"}}";
    } else if (message.contains("\"tools/list\"")) {
      result = "{\"tools\":[{\"name\":\"greet\",\"inputSchema\":{\"type\":\"object\"}}]}";
    } else {
      return Response.ok(
              "{\"jsonrpc\":\"2.0\",\"id\":" + id.group(1)
                  + ",\"error\":{\"code\":-32601,\"message\":\"Method not found\"}}")
          .build();
    }
    return Response.ok("{\"jsonrpc\":\"2.0\",\"id\":" + id.group(1) + ",\"result\":" + result + "}").build();
  }
}
