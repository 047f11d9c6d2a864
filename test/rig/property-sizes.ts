import fc from 'fast-check';

// Without this, `maxLength: 120` still makes arrays of ten: properties about a full mailbox or a spent limit held
// because no run ever came that far.
fc.configureGlobal({ defaultSizeToMaxWhenMaxSpecified: true });
