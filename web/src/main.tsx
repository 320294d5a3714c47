import '@fontsource-variable/inter/wght.css';
import '@mantine/core/styles.css';
import '@mantine/notifications/styles.css';
import '@mantine/spotlight/styles.css';
import './styles.css';
import { MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { ApiError } from './data/client.ts';
import { startI18n } from './i18n/i18n.ts';
import { NowProvider } from './parts/NowProvider.tsx';
import { createAppRouter } from './router.tsx';
import { theme } from './theme.ts';

const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 1000,
      // Ask also when the browser believes to be offline: Waybill may run on this machine, and a failure must show.
      networkMode: 'always',
      retry: (count, error) => count < 1 && error instanceof ApiError && error.retryable,
      retryDelay: 800,
    },
  },
});

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no element with the id "root"');

await startI18n();
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <MantineProvider theme={theme} defaultColorScheme="auto">
        <NowProvider>
          <RouterProvider router={createAppRouter(queryClient)} />
        </NowProvider>
        <Notifications position="bottom-right" />
      </MantineProvider>
    </QueryClientProvider>
  </StrictMode>,
);
