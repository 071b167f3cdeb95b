(call $run (local.get $text) (local.get $size))
