locals {
  # The fields of the function's log lines (docs/operations.md), and those that
  # SCF puts beside them. Those of the function's own topic could not be indexed.
  index = merge(
    {
      for field in [
        "msg", "level", "time", "requestId", "source", "outcome", "jobId", "jobName", "dtsRequestId", "startRequestId", "status", "passed", "message", "steps",
        "strictly", "code", "error", "mayBeRunning", "repeated", "change", "would", "whyNot", "destination", "payload", "stack",
        "SCF_FunctionName", "SCF_Namespace", "SCF_RequestId", "SCF_Alias", "SCF_Qualifier", "SCF_Level", "SCF_Message", "SCF_Type",
      ] : field => "text"
    },
    {
      for field in [
        "durationMs", "jobs", "record", "attempts", "progress", "failed", "notPassed", "noVerdict", "waiting", "started",
        "SCF_StartTime", "SCF_LogTime", "SCF_Duration", "SCF_StatusCode", "SCF_RetryNum",
      ] : field => "long"
    },
    { SCF_MemUsage = "double" },
  )

  told = nonsensitive(var.alarm_webhook != null) || var.alarm_user_group != null

  # Each query counts lines, so that a field that a line lacks counts as nothing.
  # Callers over HTTP have the answer, and need no alarm.
  alarms = { for name, alarm in {
    needed = {
      on        = var.alarm_needed
      query     = "msg:job AND level:(WARN OR ERROR) AND NOT source:(url OR apigw) | SELECT count(*) AS lines"
      condition = "$1.lines > 0"
      daily     = false
    }
    not-forwarded = {
      on        = var.alarm_not_forwarded
      query     = "msg:\"not handed on\" | SELECT count(*) AS lines"
      condition = "$1.lines > 0"
      daily     = false
    }
    quiet = {
      on        = var.alarm_quiet && var.schedule != null
      query     = "msg:event AND source:timer AND jobs:>0 | SELECT count(*) AS lines"
      condition = "$1.lines < 1"
      daily     = true
    }
  } : name => alarm if alarm.on && local.told }

  # What CLS calls the robots.
  robots = {
    WeCom    = "qyapi\\.weixin\\.qq\\.com"
    Lark     = "open\\.(feishu\\.cn|larksuite\\.com)"
    DingTalk = "oapi\\.dingtalk\\.com"
  }
}

resource "tencentcloud_cls_logset" "function" {
  logset_name = var.name
  tags        = var.tags
}

resource "tencentcloud_cls_topic" "function" {
  logset_id  = tencentcloud_cls_logset.function.id
  topic_name = var.name
  period     = var.log_days
  tags       = var.tags
}

resource "tencentcloud_cls_index" "function" {
  topic_id = tencentcloud_cls_topic.function.id

  rule {
    full_text {
      case_sensitive = false
      contain_z_h    = true
      tokenizer      = "@&?|#()='\",;:<>[]{}/ \n\t\r\\"
    }

    key_value {
      case_sensitive = false

      dynamic "key_values" {
        for_each = local.index

        content {
          key = key_values.key

          value {
            type        = key_values.value
            contain_z_h = key_values.value == "text"
            sql_flag    = true
            tokenizer   = key_values.value == "text" ? "@&?|#()='\",;:<>[]{}/ \n\t\r\\" : null
          }
        }
      }
    }
  }
}

resource "tencentcloud_cls_alarm_notice" "function" {
  count = local.told ? 1 : 0

  name = var.name
  type = "Trigger"
  tags = var.tags

  dynamic "web_callbacks" {
    for_each = nonsensitive(var.alarm_webhook != null) ? [var.alarm_webhook] : []

    content {
      callback_type = concat([for robot, host in local.robots : robot if can(regex("^https://${host}/", var.alarm_webhook))], ["Http"])[0]
      method        = "POST"
      url           = var.alarm_webhook
    }
  }

  dynamic "notice_receivers" {
    for_each = var.alarm_user_group != null ? [var.alarm_user_group] : []

    content {
      receiver_type     = "Group"
      receiver_ids      = [notice_receivers.value]
      receiver_channels = var.alarm_channels
      start_time        = "00:00:00"
      end_time          = "23:59:59"
    }
  }
}

resource "tencentcloud_cls_alarm" "function" {
  for_each = local.alarms

  name             = "${var.name}-${each.key}"
  alarm_notice_ids = [tencentcloud_cls_alarm_notice.function[0].id]
  alarm_level      = 0 # a warning
  alarm_period     = 60
  condition        = each.value.condition
  trigger_count    = 1
  tags             = var.tags

  alarm_targets {
    logset_id         = tencentcloud_cls_logset.function.id
    topic_id          = tencentcloud_cls_topic.function.id
    number            = 1
    query             = each.value.query
    syntax_rule       = 1 # CQL
    start_time_offset = each.value.daily ? -1440 : -15
    end_time_offset   = 0
  }

  # At nine in the morning, or every five minutes.
  monitor_time {
    type = each.value.daily ? "Fixed" : "Period"
    time = each.value.daily ? 540 : 5
  }

  depends_on = [tencentcloud_cls_index.function]
}
