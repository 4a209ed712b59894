function name = mfilename(option)
  % As Octave's own function: at the top level of the script that is recorded, the script's name.
  frames = dbstack('-completenames');
  file = getenv('OCX_RECORD_SCRIPT');
  ours = [getenv('OCX_RECORD_HOME'), '/ocx_record.m'];
  if numel(frames) > 1 && ~isempty(frames(2).file) && ~strcmp(frames(2).file, ours)
    file = frames(2).file;
  end
  [folder, name, extension] = fileparts(file);
  if nargin > 0 && strcmp(option, 'fullpathext')
    name = [folder, '/', name, extension];
  elseif nargin > 0
    name = [folder, '/', name];
  end
end
