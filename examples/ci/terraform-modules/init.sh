#!/bin/sh
# Fetches modules with a role of their own, before plan and apply with the deployment's role. For sources such as
#   source = "s3::https://acme-terraform-modules.s3.eu-central-1.amazonaws.com/network/1.4.0.zip"
# Called as: init.sh <token file> <role ARN> <run>
set -eu

# Keys that were left in the environment would win over the token, silently.
unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_PROFILE

# For this command alone. The provider's profile and assume_role are not asked: it is not running yet.
AWS_REGION=eu-central-1 AWS_WEB_IDENTITY_TOKEN_FILE="$1" AWS_ROLE_ARN="$2" AWS_ROLE_SESSION_NAME="modules-$3" \
  terraform get
