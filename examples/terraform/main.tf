# MCP servers beside what Terraform has of Keycloak: mcpkc applies the file whenever it, or a client of the account, changes.
# The second plan is empty. Terraform's own resources for client scopes and policies own whole lists; what mcpkc adds to
# these belongs to mcpkc: leave mcp-… scopes and the anonymous registration policies out of Terraform, or ignore their changes.
terraform {
  required_version = ">= 1.4"
}

variable "file" {
  type    = string
  default = "mcpkc.yaml"
}

# Where the profile's variables are: MCPKC_PROFILE_PROD_KC_SERVER and so on, in the environment of terraform.
resource "terraform_data" "mcp_servers" {
  triggers_replace = filesha256(var.file)

  provisioner "local-exec" {
    command = "mcpkc apply -f \"$FILE\" --no-input"
    environment = {
      FILE = abspath(var.file)
    }
  }
}
