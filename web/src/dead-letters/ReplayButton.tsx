import { Alert, Button, Modal, PasswordInput, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type DeadLetter, replayAnswer } from '../../../src/api/contract/index.ts';
import { ApiError, post } from '../data/client.ts';
import styles from './dead-letters.module.css';

/** What was typed last, for the next letter: in the memory of this page and nowhere else. */
const typed = { token: '', by: '' };

interface FormProps {
  readonly letter: DeadLetter;
  readonly onClose: () => void;
}

function ReplayForm({ letter, onClose }: FormProps) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [token, setToken] = useState(typed.token);
  const [by, setBy] = useState(typed.by);
  const replay = useMutation({
    mutationFn: () =>
      post(replayAnswer, `dead-letters/${letter.id}/replay`, {
        body: { by: by.trim() },
        token,
        signal: new AbortController().signal,
      }),
    // Twice is not once more: a message that went back must not go back again unasked.
    retry: false,
    onSuccess: () => {
      Object.assign(typed, { token, by });
    },
    onSettled: () => client.invalidateQueries({ queryKey: ['dead-letters'] }),
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    replay.mutate();
  };
  const places = { queue: letter.queue, origin: letter.originQueue, interpolation: { escapeValue: false } };
  if (replay.isSuccess) {
    return (
      <div className={styles['form']} data-testid="replay-done">
        <Alert color="teal">{t('deadLetters.replay.done', places)}</Alert>
        <div className={styles['buttons']}>
          <Button size="xs" onClick={onClose} data-autofocus>
            {t('deadLetters.replay.close')}
          </Button>
        </div>
      </div>
    );
  }
  return (
    <form className={styles['form']} onSubmit={submit}>
      <p>{t('deadLetters.replay.what', places)}</p>
      <TextInput
        label={t('deadLetters.replay.by')}
        description={t('deadLetters.replay.byHint')}
        value={by}
        maxLength={256}
        onChange={(event) => setBy(event.currentTarget.value)}
        required
        data-autofocus
      />
      <PasswordInput
        label={t('deadLetters.replay.token')}
        description={t('deadLetters.replay.tokenHint')}
        value={token}
        autoComplete="off"
        onChange={(event) => setToken(event.currentTarget.value)}
        required
      />
      {replay.error === null ? null : <Refusal error={replay.error} />}
      <div className={styles['buttons']}>
        <Button variant="default" size="xs" onClick={onClose}>
          {t('deadLetters.replay.cancel')}
        </Button>
        <Button type="submit" size="xs" loading={replay.isPending} disabled={by.trim() === '' || token === ''}>
          {t('deadLetters.replay.submit')}
        </Button>
      </div>
    </form>
  );
}

function Refusal({ error }: { readonly error: Error }) {
  const { t } = useTranslation();
  const known = error instanceof ApiError ? error : undefined;
  const title =
    known?.code === undefined
      ? t('error.network')
      : known.code === 'forbidden'
        ? t('deadLetters.replay.refused')
        : t(`error.codes.${known.code}`);
  return (
    <Alert color="red" title={title} role="alert" data-testid="replay-refused">
      {known?.kind === 'api' && known.code !== 'forbidden' ? (
        <>
          {known.message}
          {known.remedy === undefined ? null : <div className="wb-dim">{known.remedy}</div>}
        </>
      ) : null}
    </Alert>
  );
}

/** Opens the form that puts one dead letter back into the queue where it died. */
export function ReplayButton({ letter }: { readonly letter: DeadLetter }) {
  const { t } = useTranslation();
  const [opened, setOpened] = useState(false);
  const close = (): void => setOpened(false);
  return (
    <>
      <Button
        className={styles['replay'] ?? ''}
        variant="default"
        size="compact-xs"
        onClick={() => setOpened(true)}
        data-testid="replay"
      >
        {t('deadLetters.replay.action')}
      </Button>
      <Modal
        opened={opened}
        onClose={close}
        title={t('deadLetters.replay.title')}
        closeButtonProps={{ 'aria-label': t('deadLetters.replay.close') }}
      >
        <ReplayForm letter={letter} onClose={close} />
      </Modal>
    </>
  );
}
