# The workspace's variables. Take away AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, in variable sets
# as well: they would win, silently. Nothing is built here; whatever is built elsewhere needs no role.
locals {
  variables = {
    TFC_AWS_PROVIDER_AUTH  = "true"
    TFC_AWS_PLAN_ROLE_ARN  = var.plan_role_arn
    TFC_AWS_APPLY_ROLE_ARN = var.apply_role_arn
    # Never TFC_AWS_RUN_ROLE_ARN: one role for both phases lets every plan apply.
  }
}

variable "plan_role_arn" { type = string }
variable "apply_role_arn" { type = string }
variable "workspace_id" { type = string }

resource "tfe_variable" "aws" {
  for_each     = local.variables
  workspace_id = var.workspace_id
  category     = "env"
  key          = each.key
  value        = each.value
}

# HCP Terraform names the session itself. In CloudTrail, the event that began it has the subject, with workspace and
# phase, as userName.
