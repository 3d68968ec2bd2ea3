locals {
  root = "${path.module}/../.."

  # The provider notices new code by the path of the zip alone, so build.sh
  # also leaves a zip that has its hash in its name.
  zip = var.zip != null ? var.zip : one([for name in fileset("${local.root}/build", "function-*.zip") : "${local.root}/build/${name}"])

  policies = merge(
    { check = "policy.json" },
    var.start ? { start = "policy-start.json" } : {},
    var.sync ? { sync = "policy-sync.json" } : {},
    var.result_function != null || var.result_event_bus != null ? { result = "policy-result.json" } : {},
  )

  environment = {
    for name, value in {
      DTS_REGION             = var.dts_region
      DTS_ENDPOINT           = var.dts_endpoint
      DTS_API_VERSION        = var.api_version
      DTS_RATE_LIMIT         = var.rate_limit
      DTS_MAX_ATTEMPTS       = var.max_attempts
      DTS_LANGUAGE           = var.language
      DTS_ALLOW_START        = var.start ? true : null
      DTS_START_TAG          = var.start_tag
      RESULT_FUNCTION        = var.result_function
      RESULT_EVENT_BUS       = var.result_event_bus
      RESULT_WEBHOOK         = var.result_webhook
      RESULT_WEBHOOK_SECRET  = var.result_webhook_secret
      RESULT_WEBHOOK_FORM    = var.result_webhook_form
      RESULT_WEBHOOK_MENTION = var.result_webhook_mention
      RESULT_WHEN            = var.result_when
      RESULT_SCF_ENDPOINT    = var.result_scf_endpoint
      RESULT_EB_ENDPOINT     = var.result_eb_endpoint
      HTTPS_PROXY            = var.https_proxy
      NO_PROXY               = var.no_proxy
      LOG_LEVEL              = var.log_level
    } : name => tostring(value) if value != null
  }

  # The check request that the timer sends: its event's Message.
  request = jsonencode({
    for word, value in {
      JobIds = length(var.job_ids) > 0 ? var.job_ids : null
      Select = length(var.job_ids) > 0 ? null : merge(
        var.sync ? { Kind = ["migration", "sync"] } : {},
        { for key, value in var.select : key => value if value != null },
      )
      Wait   = var.wait
      Start  = var.start
      Strict = var.strict
    } : word => value if value != null
  })
}

resource "tencentcloud_cam_role" "function" {
  name        = var.name
  description = "Execution role of the function ${var.name}"
  document    = file("${local.root}/docs/cam/trust-policy.json")
  tags        = var.tags
}

resource "tencentcloud_cam_policy" "function" {
  for_each = local.policies

  name        = "${var.name}-${each.key}"
  description = "What the function ${var.name} may do: ${each.key}"
  document    = file("${local.root}/docs/cam/${each.value}")
  tags        = var.tags
}

resource "tencentcloud_cam_role_policy_attachment" "function" {
  for_each = tencentcloud_cam_policy.function

  role_id   = tencentcloud_cam_role.function.id
  policy_id = each.value.id
}

resource "tencentcloud_scf_function" "function" {
  name        = var.name
  namespace   = var.namespace
  description = "Creates the checks of DTS migration jobs"
  func_type   = "Event"
  runtime     = "Go1"
  handler     = "main"
  zip_file    = local.zip
  mem_size    = 128 # MB; the provider takes multiples of 128 only, 64 would do
  timeout     = var.timeout
  role        = tencentcloud_cam_role.function.name
  environment = local.environment
  tags        = var.tags

  cls_logset_id = tencentcloud_cls_logset.function.id
  cls_topic_id  = tencentcloud_cls_topic.function.id

  # The APIs are reached through the public network.
  enable_public_net = true

  lifecycle {
    precondition {
      condition     = local.zip != null
      error_message = "There is no build/function-*.zip: run build.sh first."
    }
    precondition {
      condition     = !var.strict || var.api_version == "2021-12-06"
      error_message = "strict needs the steps of a check, which only api_version 2021-12-06 has."
    }
    # Here, since the error of a variable's own validation shows the value.
    precondition {
      condition     = var.result_webhook == null ? true : can(regex("^(?i:https)://", var.result_webhook))
      error_message = "result_webhook must begin with https://."
    }
    precondition {
      condition     = var.alarm_webhook == null ? true : can(regex("^(?i:https)://", var.alarm_webhook))
      error_message = "alarm_webhook must begin with https://."
    }
    precondition {
      condition     = var.result_webhook_secret == null || var.result_webhook != null
      error_message = "result_webhook_secret signs for result_webhook, which is not set."
    }
    precondition {
      condition     = var.result_webhook_secret == null ? true : can(regex("^.{8,}$", var.result_webhook_secret))
      error_message = "result_webhook_secret must have 8 characters or more."
    }
    precondition {
      condition     = !local.told || !contains(["warn", "error"], coalesce(var.log_level, "info"))
      error_message = "The alarms read lines of level info: log_level must be info or debug."
    }
  }
}

# What becomes of asynchronous events, such as the timer's, that failed.
resource "tencentcloud_scf_function_event_invoke_config" "function" {
  function_name = tencentcloud_scf_function.function.name
  namespace     = tencentcloud_scf_function.function.namespace

  async_trigger_config {
    msg_ttl = var.event_age

    retry_config {
      retry_num = var.retries
    }
  }
}

resource "tencentcloud_scf_trigger" "timer" {
  count = var.schedule != null ? 1 : 0

  function_name   = tencentcloud_scf_function.function.name
  namespace       = tencentcloud_scf_function.function.namespace
  type            = "timer"
  trigger_name    = "nightly-check"
  trigger_desc    = var.schedule
  custom_argument = local.request
  qualifier       = "$DEFAULT"
  enable          = "OPEN"
}

resource "tencentcloud_scf_trigger" "url" {
  count = var.url ? 1 : 0

  function_name = tencentcloud_scf_function.function.name
  namespace     = tencentcloud_scf_function.function.namespace
  type          = "http"
  qualifier     = "$DEFAULT"
  enable        = "OPEN"

  # Only signed requests get in.
  trigger_desc = jsonencode({
    AuthType = "CAM"
    NetConfig = {
      EnableIntranet = true
      EnableExtranet = true
    }
  })
}
