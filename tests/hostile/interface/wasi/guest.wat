(component
    (import "wasi:filesystem/types@0.2.0" (instance $files (export "open" (func))))
    (import "rutter:step/log@0.1.0" (instance $log)))
