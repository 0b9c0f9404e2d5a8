#!/bin/sh
# A Cloud Run job whose service account is the deployer's; the job that builds the image runs as another one.
set -eu

# Keys that were left in the image would win, silently.
unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_PROFILE

metadata=http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default
export AWS_REGION=eu-central-1
export AWS_ROLE_ARN="$DEPLOY_ROLE_ARN"
# In CloudTrail, every call of this run: assumed-role/<role>/<execution>.
export AWS_ROLE_SESSION_NAME="$CLOUD_RUN_EXECUTION"
AWS_WEB_IDENTITY_TOKEN_FILE="$(mktemp)"
export AWS_WEB_IDENTITY_TOKEN_FILE
curl --fail --silent --header 'Metadata-Flavor: Google' \
  "$metadata/identity?audience=aws-site-deploy&format=full" > "$AWS_WEB_IDENTITY_TOKEN_FILE"
exec aws s3 sync --delete /dist s3://acme-site
