function ocx_serve(varargin)
  % Answers the requests of octave_compress for ever: one line a request, which names its file,
  % and one line an answer, which names the file with the outputs or the error.
  %
  % Its arguments are the folders; the FIFOs are in the last one.  An interrupt ends this
  % function and leaves the FIFOs open; it is then called again.
  persistent requests answers
  mlock();
  folders = varargin;
  if isempty(requests)
    requests = fopen([folders{end}, '/requests'], 'r');
    answers = fopen([folders{end}, '/answers'], 'w');
    redirect([folders{end}, '/printed'], stdout);
    redirect([folders{end}, '/warned'], stderr);
    warning('off', 'backtrace');
    more off;
    PS1('');
  end
  fprintf(answers, 'ready\n');
  fflush(answers);
  try
    % What was asked of an interrupted loop and not read yet must not be done after all.
    while ~strcmp(strtrim(fgetl(requests)), 'go')
    end
    while true
      line = fgetl(requests);
      if ~isempty(line) && line(1) == ' '
        line(1) = '';
      end
      if ~isempty(line)  % an empty one only wakes a loop that is interrupted while it waits
        ocx_respond(line, folders, requests, answers);
      end
    end
  catch
    exit(1);  % there is no other way left to say that something is wrong
  end
end

function redirect(path, stream)
  file = fopen(path, 'w');
  dup2(file, stream);
  fclose(file);
end
