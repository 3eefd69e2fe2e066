"""Why a backup is not taken, or not restored. They end a command, so they are told in words."""


class BackupError(Exception):
    """It cannot be done; the message says what happened and what to do next."""


class NotABackup(BackupError):
    """The file is no backup, or one of another form."""


class BackupDamaged(BackupError):
    """The file is not what was written: truncated, altered, or put together by somebody else."""


class NotEmpty(BackupError):
    """There is data where the backup is to be restored."""


class NotRestorable(BackupError):
    """The backup is whole, and does not fit this installation."""


class WrongPassphrase(BackupError):
    """The keys do not open with this passphrase."""


class CannotBackUp(BackupError):
    """Something that belongs into the backup cannot be read whole."""
