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
  end
  fprintf(answers, 'ready\n');
  fflush(answers);
  while true
    line = fgetl(requests);
    if ~ischar(line)
      return
    end
    if line(1) == ' '
      line(1) = '';
    end
    ocx_respond(line, folders, requests, answers);
  end
end

function redirect(path, stream)
  file = fopen(path, 'w');
  dup2(file, stream);
  fclose(file);
end
