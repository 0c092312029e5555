package example;

import org.springaicommunity.mcp.security.server.config.McpServerOAuth2Configurer;
import org.springframework.ai.tool.ToolCallbackProvider;
import org.springframework.ai.tool.annotation.Tool;
import org.springframework.ai.tool.method.MethodToolCallbackProvider;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.config.annotation.web.configuration.EnableWebSecurity;
import org.springframework.security.web.SecurityFilterChain;

@SpringBootApplication
@EnableWebSecurity
public class Server {
  public static void main(String[] args) {
    SpringApplication.run(Server.class, args);
  }

  static class Tools {
    @Tool(description = "Greets somebody")
    public String greet(String name) {
      return "Hello " + name;
    }
  }

  @Bean
  ToolCallbackProvider tools() {
    return MethodToolCallbackProvider.builder().toolObjects(new Tools()).build();
  }

  /** Audiences are not looked at unless told: that is the library's default. */
  @Bean
  SecurityFilterChain security(
      HttpSecurity http, @Value("${issuer}") String issuer, @Value("${audience:false}") boolean audience)
      throws Exception {
    return http.authorizeHttpRequests(requests -> requests.anyRequest().authenticated())
        .with(
            McpServerOAuth2Configurer.mcpServerOAuth2(),
            mcp -> {
              mcp.authorizationServer(issuer);
              mcp.validateAudienceClaim(audience);
            })
        .build();
  }
}
